import { InvalidSchema } from '../schema-errors.ts';

/** The name of a type, with the namespace that it lives in: empty for none. */
export interface FullName {
  readonly name: string;
  readonly namespace: string;
  /** Both, joined by a dot. */
  readonly full: string;
}

/** Letters and digits of any script: what Java calls so. The specification has those of ASCII alone. */
const NAME = /^[\p{L}_][\p{L}\p{Nd}_]*$/u;
/** A namespace is told again with each type in it, so a long one would make of a small schema a large one. */
const FULL_NAME_CHARS_MAX = 1000;
/** What is quoted of a name at most. */
const QUOTED_CHARS_MAX = 100;

/**
 * @param text a name, or a full name: then its own namespace counts
 * @param namespace for a name without one
 * @throws InvalidSchema when both together are longer than anybody writes them
 */
export function fullName(text: string, namespace: string): FullName {
  const dot = text.lastIndexOf('.');
  const name = text.slice(dot + 1);
  const own = dot < 0 ? namespace : text.slice(0, dot);
  const full = own === '' ? name : `${own}.${name}`;
  if (full.length > FULL_NAME_CHARS_MAX) {
    throw new InvalidSchema(`The full name ${quoted(full)} is longer than ${FULL_NAME_CHARS_MAX} characters.`);
  }
  return { name, namespace: own, full };
}

/**
 * @param what is named, for the message
 * @throws InvalidSchema unless it is a letter or `_`, then letters, digits and `_`
 */
export function assertName(name: string, what: string): void {
  if (!NAME.test(name)) throw new InvalidSchema(`${quoted(name)} is not a valid name of ${what}.`);
}

/** A name in quotes, cut where it is long. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > QUOTED_CHARS_MAX ? `${name.slice(0, QUOTED_CHARS_MAX)}…` : name);
}
