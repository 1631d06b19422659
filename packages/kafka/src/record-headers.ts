import { isUtf8 } from 'node:buffer';
import type { RecordBatch, RecordHeader } from '@sluice/protocol';

/** As node-rdkafka takes and gives them: objects of one property, in order. */
export type NativeHeaders = Readonly<Record<string, string | Buffer>>[];

const NUL = 0;
const NUL_CHARACTER = '\0';

/** What node-rdkafka sends as it is: it turns values into strings, whose bytes end at the first NUL, and knows no null. */
function isCarried({ key, value }: RecordHeader): boolean {
  return value !== null && !key.includes(NUL_CHARACTER) && !value.includes(NUL) && isUtf8(value);
}

/** Whether librdkafka's binding can send the batch byte for byte; a time of 0 means the present to librdkafka. */
export function isNative({ headers, timestamps }: RecordBatch): boolean {
  if (timestamps?.includes(0) === true) return false;
  return headers?.every((own) => own?.every(isCarried) ?? true) ?? true;
}

export function nativeHeaders(headers: readonly RecordHeader[] | undefined): NativeHeaders | undefined {
  return headers?.map(({ key, value }) => ({ [key]: value?.toString() ?? '' }));
}

/**
 * The headers of a record that was read. A value of null reads as empty: the binding does not tell the two apart. A header
 * of the name `__proto__` has become the prototype of its object.
 */
export function headersRead(headers: NativeHeaders | undefined): RecordHeader[] {
  return (headers ?? []).map((header) => {
    const [key] = Object.keys(header);
    if (key !== undefined) return { key, value: header[key] as Buffer };
    const prototype: unknown = Object.getPrototypeOf(header);
    return { key: '__proto__', value: Buffer.isBuffer(prototype) ? prototype : Buffer.alloc(0) };
  });
}

/** What a header takes that was read, beside its value: an object with a buffer of its own. */
export const HEADER_OVERHEAD_BYTES = 200;

/** Memory of headers that were read. Asked of each record that has some, so nothing is made for it. */
export function nativeBytes(headers: NativeHeaders): number {
  let bytes = headers.length * HEADER_OVERHEAD_BYTES;
  for (const header of headers) {
    const [key] = Object.keys(header);
    // See `headersRead`.
    const value: unknown = key === undefined ? Object.getPrototypeOf(header) : header[key];
    if (typeof value === 'string' || Buffer.isBuffer(value)) bytes += value.length;
  }
  return bytes;
}

/** Bytes of keys and values, for limits. */
export function headerBytes(headers: readonly RecordHeader[] | undefined): number {
  let bytes = 0;
  for (const { key, value } of headers ?? []) bytes += Buffer.byteLength(key) + (value?.length ?? 0);
  return bytes;
}
