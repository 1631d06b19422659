import { InvalidSchema } from '../schema-errors.ts';
import type { EnumType, MessageType } from './message-type.ts';

/** How long a full name may be, and how many parts it may have: each field carries one. */
const FULL_NAME_CHARS_MAX = 512;
const FULL_NAME_PARTS_MAX = 100;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @throws InvalidSchema for a name that only a serialised descriptor can have */
export function assertName(name: string): void {
  if (!NAME.test(name)) throw new InvalidSchema(`${JSON.stringify(name.slice(0, FULL_NAME_CHARS_MAX))} is no name`);
}

/** A package or a message: where names are looked up. */
export class TypeScope {
  readonly fullName: string;
  /** Of the message that the scope is, or of an enum, in which nothing stands. */
  type: MessageType | undefined;
  enum: EnumType | undefined;

  readonly #parent: TypeScope | undefined;
  readonly #parts: number;
  readonly #inner = new Map<string, TypeScope>();

  constructor(fullName = '', parent?: TypeScope, parts = 0) {
    this.fullName = fullName;
    this.#parent = parent;
    this.#parts = parts;
  }

  /**
   * The scope with a name in this one, which is made when it is not there.
   * @throws InvalidSchema
   */
  inner(name: string): TypeScope {
    const known = this.#inner.get(name);
    if (known !== undefined) return known;
    assertName(name);
    const fullName = this.fullName === '' ? name : `${this.fullName}.${name}`;
    if (fullName.length > FULL_NAME_CHARS_MAX || this.#parts >= FULL_NAME_PARTS_MAX) {
      throw new InvalidSchema(
        `${fullName.slice(0, FULL_NAME_CHARS_MAX)}… is longer than ${FULL_NAME_CHARS_MAX} characters or ${FULL_NAME_PARTS_MAX} parts`,
      );
    }
    const scope = new TypeScope(fullName, this, this.#parts + 1);
    this.#inner.set(name, scope);
    return scope;
  }

  /**
   * The scope of a new type.
   * @throws InvalidSchema when there is one already
   */
  define(name: string): TypeScope {
    const scope = this.inner(name);
    if (scope.type !== undefined || scope.enum !== undefined) {
      throw new InvalidSchema(`${scope.fullName} is defined twice`);
    }
    return scope;
  }

  /**
   * @param path of scopes
   * @param start where in it the way from this one begins
   */
  find(path: readonly string[], start = 0): TypeScope | undefined {
    if (start === path.length) return this;
    return this.#inner.get(path[start] as string)?.find(path, start + 1);
  }

  /** @param fullName of a message, from here */
  findType(fullName: string): MessageType | undefined {
    return this.find(fullName.split('.', FULL_NAME_PARTS_MAX + 1))?.type;
  }

  /**
   * Finds the type that a name means here: the innermost scope's that has it.
   * @param name with a dot in front when it is a full one
   * @throws InvalidSchema when there is none
   */
  resolve(name: string): TypeScope {
    const path = name.split('.', FULL_NAME_PARTS_MAX + 1);
    const found = path[0] === '' ? this.#top().#type(path.slice(1)) : this.#outward(path);
    if (found !== undefined) return found;
    throw new InvalidSchema(`${this.fullName}: unknown type ${name.slice(0, FULL_NAME_CHARS_MAX)}`);
  }

  #outward(path: readonly string[]): TypeScope | undefined {
    const found = this.#type(path);
    return found !== undefined || this.#parent === undefined ? found : this.#parent.#outward(path);
  }

  #type(path: readonly string[]): TypeScope | undefined {
    const found = this.find(path);
    return found?.type === undefined && found?.enum === undefined ? undefined : found;
  }

  #top(): TypeScope {
    return this.#parent === undefined ? this : this.#parent.#top();
  }
}
