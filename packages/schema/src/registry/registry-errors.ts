/** What a registry answers in place of a schema, in the words of Confluent's client: `Schema 7 not found; error code: 40403`. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly httpStatus: number;
  /** The registry's own: an HTTP status, mostly with two digits more. */
  readonly errorCode: number;

  constructor(httpStatus: number, errorCode: number, text: string) {
    super(`${text}; error code: ${errorCode}`);
    this.httpStatus = httpStatus;
    this.errorCode = errorCode;
  }
}

/** No answer came, in Java's words: `Connection refused`, `Read timed out`. Whether the registry did what was asked is not known. */
export class RegistryUnavailable extends Error {
  override readonly name = 'RegistryUnavailable';
}

/** Of an answer that says nothing, or something else than was asked for. Source: Confluent's client. */
export const UNREADABLE_ANSWER = 50005;

/** @returns the error for an answer that is no answer to the question */
export function unreadable(httpStatus: number, fault: string): RegistryError {
  return new RegistryError(httpStatus, UNREADABLE_ANSWER, `The schema registry's answer is not usable: ${fault}`);
}
