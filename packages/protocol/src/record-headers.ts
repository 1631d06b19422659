import { ApiError } from './errors.ts';
import { base64Text, decodeBase64 } from './field-decoders.ts';
import { unrecognizedField } from './json-coercion.ts';
import type { JsonScanner } from './json-scanner.ts';
import { stringContent } from './json-value.ts';
import type { RecordHeader } from './records.ts';

/** What the headers of a request may be. */
export interface HeaderLimits {
  /** `sluice.records.headers.max` */
  readonly headersMax: number;
  /** `sluice.records.headers.max.bytes`: keys and values together. */
  readonly headersMaxBytes: number;
  /** `sluice.records.headers.total.max`: of all records of a request. */
  readonly headersTotalMax: number;
}

/** Half of a surrogate pair, which UTF-8 cannot hold: a key is UTF-8. */
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * Reads the `headers` of one record: an array of `{"key", "value"}`, the value base64 or null, as Strimzi and Karapace
 * have it. Their order stays, and several of one key do. What is refused is told when the whole body was read.
 */
class HeadersReader {
  readonly #scanner: JsonScanner;
  readonly #limits: HeaderLimits;
  readonly #record: number;
  readonly headers: RecordHeader[] = [];
  #bytes = 0;
  refusal: ApiError | undefined;

  constructor(scanner: JsonScanner, limits: HeaderLimits, record: number) {
    this.#scanner = scanner;
    this.#limits = limits;
    this.#record = record;
  }

  read(): void {
    const scanner = this.#scanner;
    if (scanner.nextKind() !== 'array') {
      scanner.scanValue();
      if (scanner.kind !== 'null') this.#refuse('headers', 'is not an array');
      return;
    }
    let index = 0;
    for (let more = scanner.enterArray(); more; more = scanner.nextElement()) this.#header(index++);
  }

  #header(index: number): void {
    const scanner = this.#scanner;
    const place = `headers[${index}]`;
    if (scanner.nextKind() !== 'object') {
      scanner.scanValue();
      this.#refuse(place, 'is not an object');
      return;
    }
    let key: string | undefined;
    let value: Buffer | null = null;
    for (let more = scanner.enterObject(); more; more = scanner.nextField()) {
      if (scanner.keyIs('key')) key = this.#key(place);
      else if (scanner.keyIs('value')) value = this.#value(place);
      else throw unrecognizedField(scanner.keyName());
    }
    if (key === undefined) this.#refuse(`${place}.key`, 'is missing');
    else this.#add({ key, value });
  }

  #key(place: string): string {
    const scanner = this.#scanner;
    scanner.scanValue();
    const text = scanner.kind === 'string' ? stringContent(scanner) : '';
    if (scanner.kind !== 'string') this.#refuse(`${place}.key`, 'is not a string');
    else if (LONE_SURROGATE.test(text)) this.#refuse(`${place}.key`, 'holds half of a surrogate pair');
    return text;
  }

  #value(place: string): Buffer | null {
    const scanner = this.#scanner;
    scanner.scanValue();
    if (scanner.kind === 'null') return null;
    const value = scanner.kind === 'string' ? decodeBase64(base64Text(scanner)) : undefined;
    if (value === undefined) this.#refuse(`${place}.value`, 'is neither a base64 string nor null');
    return value ?? null;
  }

  /** What is beyond a limit is passed and not kept. */
  #add(header: RecordHeader): void {
    const { headersMax, headersMaxBytes } = this.#limits;
    this.#bytes += Buffer.byteLength(header.key) + (header.value?.length ?? 0);
    if (this.headers.length >= headersMax) {
      this.#refuseSize(`more than ${headersMax} headers (sluice.records.headers.max)`);
    } else if (this.#bytes > headersMaxBytes) {
      this.#refuseSize(`more than ${headersMaxBytes} bytes of headers (sluice.records.headers.max.bytes)`);
    } else this.headers.push(header);
  }

  #refuse(place: string, problem: string): void {
    this.refusal ??= new ApiError('badRequest', { detail: `: ${place} of record ${this.#record} ${problem}` });
  }

  #refuseSize(amount: string): void {
    this.refusal ??= new ApiError('payloadTooLarge', { message: `Record ${this.#record} has ${amount}.` });
  }
}

/**
 * Reads the headers that stand next.
 * @param record its index in the request, for messages
 * @throws JsonSyntaxError; ApiError for a field that a header does not have
 */
export function readHeaders(
  scanner: JsonScanner,
  limits: HeaderLimits,
  record: number,
): Pick<HeadersReader, 'headers' | 'refusal'> {
  const reader = new HeadersReader(scanner, limits, record);
  reader.read();
  return reader;
}
