/** The text of a schema is no schema. */
export class InvalidSchema extends Error {
  override readonly name = 'InvalidSchema';
}

/** A JSON value does not fit its schema. */
export class DataMismatch extends Error {
  override readonly name = 'DataMismatch';
  /** Where in the value, as a JSON Pointer (RFC 6901): empty for the value itself. */
  readonly path: string;

  /** @param message in the words of Confluent's converters (contract E.5, E.7, E.8) */
  constructor(message: string, path: string) {
    super(message);
    this.path = path;
  }
}

/** The bytes of a record are not what their schema says. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
}
