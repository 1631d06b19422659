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

/** What keeps a field from being taken. */
interface Problem {
  readonly problem: string;
}

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
    // Of two equal fields the last one counts.
    let key: string | Problem = { problem: 'is missing' };
    let value: Buffer | Problem | null = null;
    for (let more = scanner.enterObject(); more; more = scanner.nextField()) {
      if (scanner.keyIs('key')) key = this.#key();
      else if (scanner.keyIs('value')) value = this.#value();
      else throw unrecognizedField(scanner.keyName());
    }
    if (typeof key !== 'string') this.#refuse(`${place}.key`, key.problem);
    else if (value !== null && 'problem' in value) this.#refuse(`${place}.value`, value.problem);
    else this.#add({ key, value });
  }

  #key(): string | Problem {
    const scanner = this.#scanner;
    scanner.scanValue();
    if (scanner.kind !== 'string') return { problem: 'is not a string' };
    const text = stringContent(scanner);
    return LONE_SURROGATE.test(text) ? { problem: 'holds half of a surrogate pair' } : text;
  }

  #value(): Buffer | Problem | null {
    const scanner = this.#scanner;
    scanner.scanValue();
    if (scanner.kind === 'null') return null;
    const value = scanner.kind === 'string' ? decodeBase64(base64Text(scanner)) : undefined;
    return value ?? { problem: 'is neither a base64 string nor null' };
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
