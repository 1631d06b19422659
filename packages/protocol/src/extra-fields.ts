import { ApiError } from './errors.ts';
import { coerceInt64 } from './json-coercion.ts';
import type { JsonScanner } from './json-scanner.ts';
import { scalarValue } from './json-value.ts';
import { type HeaderLimits, readHeaders } from './record-headers.ts';
import { type RecordBatch, type RecordHeader, TIMESTAMP_UNSET } from './records.ts';

interface ExtraFieldsOptions {
  readonly headers?: HeaderLimits | undefined;
  readonly timestamps?: boolean;
}

/** The fields that records have beside key, value and partition where a switch says so. Columns stay empty until one has some. */
export class ExtraFields {
  readonly #options: ExtraFieldsOptions;
  #headers: (readonly RecordHeader[] | undefined)[] = [];
  #timestamps: number[] = [];
  #headerCount = 0;
  /** The record that was read last, and what is wrong with its fields: of two that are equal the last one counts. */
  #record = -1;
  #headersRefusal: ApiError | undefined;
  #timestampRefusal: ApiError | undefined;

  constructor(options: ExtraFieldsOptions) {
    this.#options = options;
  }

  /** Another list of records follows, and is the one that counts. */
  clear(): void {
    this.#headers = [];
    this.#timestamps = [];
    this.#headerCount = 0;
    this.#record = -1;
  }

  /**
   * @param record its index
   * @returns whether the field that the scanner stands at is one of these: then it is passed
   * @throws JsonSyntaxError; ApiError for a field that a header does not have
   */
  read(scanner: JsonScanner, record: number): boolean {
    const { headers: limits, timestamps } = this.#options;
    if (this.#record !== record) {
      this.#record = record;
      this.#headersRefusal = undefined;
      this.#timestampRefusal = undefined;
    }
    if (limits !== undefined && scanner.keyIs('headers')) {
      this.#readHeaders(scanner, limits, record);
      return true;
    }
    if (timestamps !== true || !scanner.keyIs('timestamp')) return false;
    scanner.scanValue();
    this.#timestamps[record] = this.#timestamp(coerceInt64(scalarValue(scanner)), record);
    return true;
  }

  #readHeaders(scanner: JsonScanner, limits: HeaderLimits, record: number): void {
    const { headers, refusal } = readHeaders(scanner, limits, record);
    const { headersTotalMax } = limits;
    this.#headerCount += headers.length;
    const isTooMany = this.#headerCount > headersTotalMax;
    this.#headers[record] = headers.length === 0 || isTooMany ? undefined : headers;
    this.#headersRefusal = refusal;
    if (!isTooMany) return;
    const message = `The records have more than ${headersTotalMax} headers together (sluice.records.headers.total.max).`;
    this.#headersRefusal ??= new ApiError('payloadTooLarge', { message });
  }

  /** What is wrong with a record's fields. */
  refusalOf(record: number): ApiError | undefined {
    return this.#record === record ? (this.#headersRefusal ?? this.#timestampRefusal) : undefined;
  }

  columns(count: number): Pick<RecordBatch, 'headers' | 'timestamps'> {
    return {
      ...(this.#headers.length === 0 ? {} : { headers: this.#headers }),
      ...(this.#timestamps.length === 0 ? {} : { timestamps: filled(this.#timestamps, count) }),
    };
  }

  #timestamp(value: number | undefined, record: number): number {
    this.#timestampRefusal = undefined;
    if (value === undefined) return TIMESTAMP_UNSET;
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
    const detail = `: the timestamp of record ${record} is ${value}; allowed are milliseconds since 1970, or none`;
    this.#timestampRefusal = new ApiError('badRequest', { detail });
    return TIMESTAMP_UNSET;
  }
}

/** One entry a record, where those without a timestamp have left gaps. */
function filled(timestamps: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => timestamps[i] ?? TIMESTAMP_UNSET);
}
