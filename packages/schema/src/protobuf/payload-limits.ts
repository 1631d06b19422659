import { PayloadError } from '../schema-errors.ts';

/** How many messages may stand in one another, as protobuf-java has it: in JSON, and on the wire. */
export const NESTING_MAX = 100;

/**
 * How long a record's JSON may be. A payload of a few bytes can stand for megabytes: each empty message, two bytes,
 * prints all fields that it does not have.
 */
export const TEXT_CHARS_MAX: number = 64 * 1024 * 1024;

export function nestedTooDeep(): PayloadError {
  return new PayloadError(`Messages stand in one another more than ${NESTING_MAX} deep.`);
}

export function textTooLong(): PayloadError {
  return new PayloadError(`As JSON the record has more than ${TEXT_CHARS_MAX} characters.`);
}
