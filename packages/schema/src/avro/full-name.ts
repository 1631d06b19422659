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
/** What is quoted of a name at most. */
const QUOTED_CHARS_MAX = 100;

/**
 * @param text a name, or a full name: then its own namespace counts
 * @param namespace for a name without one
 */
export function fullName(text: string, namespace: string): FullName {
  const dot = text.lastIndexOf('.');
  const name = text.slice(dot + 1);
  const own = dot < 0 ? namespace : text.slice(0, dot);
  return { name, namespace: own, full: own === '' ? name : `${own}.${name}` };
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
