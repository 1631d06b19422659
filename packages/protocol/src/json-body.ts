import { isUtf8 } from 'node:buffer';
import { ApiError } from './errors.ts';
import { JsonScanner } from './json-scanner.ts';
import { invalidUtf8, JsonSyntaxError } from './json-syntax-error.ts';

/**
 * Scans a request body and turns what is wrong with its JSON into the answer for it.
 * @param body the bytes as received
 * @param depthMax how deep containers may nest
 * @param scan reads the whole text; JsonSyntaxError from it becomes a 400
 * @throws ApiError badRequest, or whatever `scan` throws
 */
export function scanBody<Result>(body: Buffer, depthMax: number, scan: (scanner: JsonScanner) => Result): Result {
  try {
    if (!isUtf8(body)) throw firstError(body, depthMax);
    return scan(new JsonScanner(body, depthMax));
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new ApiError('badRequest', { message: error.message, cause: error });
  }
}

/** The byte at which a text stops being UTF-8. */
function invalidUtf8Offset(body: Buffer): number {
  let i = 0;
  while (i < body.length) {
    const lead = body[i] as number;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead >= 0x80 && !isUtf8(body.subarray(i, i + length))) return i;
    i += length;
  }
  return body.length;
}

/**
 * Whichever comes first, the byte that is not UTF-8 or a syntax error before it: a compressed body is told by its
 * first byte, a control character, and not by the accident of its second.
 */
function firstError(body: Buffer, depthMax: number): JsonSyntaxError {
  const offset = invalidUtf8Offset(body);
  const valid = body.subarray(0, offset);
  try {
    const scanner = new JsonScanner(valid, depthMax);
    scanner.scanValue();
    scanner.expectEnd();
  } catch (error) {
    if (error instanceof JsonSyntaxError && error.offset < offset) return error;
  }
  return invalidUtf8(body, offset);
}
