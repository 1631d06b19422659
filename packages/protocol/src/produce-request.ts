import { ApiError } from './errors.ts';
import { ExtraFields } from './extra-fields.ts';
import { type FieldDecoders, fieldDecoders } from './field-decoders.ts';
import { scanBody } from './json-body.ts';
import { coerceInt32, coerceString, notConstructible, unrecognizedField, wrongKind } from './json-coercion.ts';
import type { JsonScanner } from './json-scanner.ts';
import { scalarValue, smallInteger } from './json-value.ts';
import type { EmbeddedFormat } from './media-types.ts';
import type { HeaderLimits } from './record-headers.ts';
import { PARTITION_UNSET, type RecordBatch } from './records.ts';
import type { ApiVersion } from './route.ts';

/**
 * The body of a produce request, read in one pass over its bytes.
 * Source: rest-v1-v2 contract A.6 and C.3, observed (b), (h) and (m).
 */
export interface ProduceRequest {
  readonly batch: RecordBatch;
  /** Schema texts and registry ids, for the schema formats; binary and json accept and ignore them. */
  readonly keySchema: string | undefined;
  readonly keySchemaId: number | undefined;
  readonly valueSchema: string | undefined;
  readonly valueSchemaId: number | undefined;
}

export interface ProduceRequestOptions {
  readonly format: EmbeddedFormat;
  /** Records in one request. */
  readonly recordsMax: number;
  /** How deep the JSON of the body may nest. */
  readonly depthMax: number;
  /** Default v2. */
  readonly api?: ApiVersion;
  /** The path names the partition; records of v1 have no such field then. */
  readonly toPartition?: boolean;
  /** Records of v2 may have headers and a timestamp; by default they have no such fields. */
  readonly headers?: HeaderLimits | undefined;
  readonly timestamps?: boolean;
}

/** The names that Confluent's validator gives the five formats in its messages. */
const methodNames: Readonly<Record<EmbeddedFormat, string>> = {
  binary: 'produceBinary',
  json: 'produceJson',
  avro: 'produceAvro',
  jsonschema: 'produceJsonSchema',
  protobuf: 'produceProtobuf',
  text: 'produceText',
};

/** Reads one body; the columns of the batch grow as its records pass by. */
class ProduceRequestReader {
  readonly #scanner: JsonScanner;
  readonly #decoders: FieldDecoders;
  readonly #recordsMax: number;
  readonly #hasPartitions: boolean;
  /** Undefined where records have no such fields, as mostly. */
  readonly #extra: ExtraFields | undefined;
  #keys: (Buffer | null)[] = [];
  #values: (Buffer | null)[] = [];
  #partitions: number[] = [];
  /** Only the value of the last of several equal fields counts, so a refusal has to wait until its record is whole. */
  #keyRefusal: ApiError | undefined;
  #valueRefusal: ApiError | undefined;
  /** The first refused record. It is thrown at the end: a text that is not JSON, or no request, is the graver error. */
  #refusal: ApiError | undefined;
  #nullRecordIndex = -1;

  constructor(scanner: JsonScanner, options: ProduceRequestOptions) {
    const { api = 'v2', format, recordsMax, toPartition = false } = options;
    this.#scanner = scanner;
    this.#decoders = fieldDecoders(api, format);
    this.#recordsMax = recordsMax;
    this.#hasPartitions = api === 'v2' || !toPartition;
    const hasExtra = api === 'v2' && (options.headers !== undefined || options.timestamps === true);
    this.#extra = hasExtra ? new ExtraFields(options) : undefined;
  }

  /** @returns undefined when there is no request at all: an empty body, or null */
  read(): ProduceRequest | undefined {
    const scanner = this.#scanner;
    if (scanner.atEnd()) return undefined;
    if (scanner.nextKind() !== 'object') {
      const value = this.#scalar();
      scanner.expectEnd();
      if (value === null) return undefined;
      throw Array.isArray(value)
        ? wrongKind('ProduceRequest', value)
        : notConstructible('ProduceRequest', ' (although at least one Creator exists): no matching constructor');
    }
    let keySchema: string | undefined;
    let keySchemaId: number | undefined;
    let valueSchema: string | undefined;
    let valueSchemaId: number | undefined;
    for (let more = scanner.enterObject(); more; more = scanner.nextField()) {
      if (scanner.keyIs('records')) this.#records();
      else if (scanner.keyIs('key_schema')) keySchema = coerceString(this.#scalar());
      else if (scanner.keyIs('key_schema_id')) keySchemaId = coerceInt32(this.#scalar());
      else if (scanner.keyIs('value_schema')) valueSchema = coerceString(this.#scalar());
      else if (scanner.keyIs('value_schema_id')) valueSchemaId = coerceInt32(this.#scalar());
      else throw unrecognizedField(scanner.keyName());
    }
    scanner.expectEnd();
    return { batch: this.#batch(), keySchema, keySchemaId, valueSchema, valueSchemaId };
  }

  #batch(): RecordBatch {
    if (this.#nullRecordIndex >= 0) {
      throw notConstructible('ProduceRequest', `, problem: at index ${this.#nullRecordIndex}`);
    }
    if (this.#refusal !== undefined) throw this.#refusal;
    const count = this.#values.length;
    const plain = { count, keys: this.#keys, values: this.#values, partitions: this.#partitions };
    return this.#extra === undefined ? plain : { ...plain, ...this.#extra.columns(count) };
  }

  #records(): void {
    const scanner = this.#scanner;
    this.#keys = [];
    this.#values = [];
    this.#partitions = [];
    this.#extra?.clear();
    this.#refusal = undefined;
    this.#nullRecordIndex = -1;
    if (scanner.nextKind() !== 'array') {
      const value = this.#scalar();
      if (value !== null) throw wrongKind('List', value);
      return;
    }
    for (let more = scanner.enterArray(); more; more = scanner.nextElement()) {
      if (this.#values.length === this.#recordsMax) {
        throw new ApiError('payloadTooLarge', {
          message: `The request holds more than ${this.#recordsMax} records, the most that one request may hold.`,
        });
      }
      this.#record();
    }
  }

  #record(): void {
    const scanner = this.#scanner;
    let key: Buffer | null = null;
    let value: Buffer | null = null;
    let partition: number | undefined;
    this.#keyRefusal = undefined;
    this.#valueRefusal = undefined;
    if (scanner.nextKind() === 'object') {
      for (let more = scanner.enterObject(); more; more = scanner.nextField()) {
        if (scanner.keyIs('value')) value = this.#value();
        else if (scanner.keyIs('key')) key = this.#key();
        else if (this.#hasPartitions && scanner.keyIs('partition')) partition = this.#partition();
        else if (this.#extra?.read(scanner, this.#values.length) !== true) throw unrecognizedField(scanner.keyName());
      }
      this.#refusal ??= this.#refusalOf(partition);
    } else if (this.#scalar() === null) {
      if (this.#nullRecordIndex < 0) this.#nullRecordIndex = this.#values.length;
    } else {
      throw notConstructible('ProduceRecord', ' (although at least one Creator exists): a record is an object');
    }
    this.#keys.push(key);
    this.#values.push(value);
    this.#partitions.push(partition ?? PARTITION_UNSET);
  }

  /** What is wrong with the record that was just read. */
  #refusalOf(partition: number | undefined): ApiError | undefined {
    const refusal = this.#keyRefusal ?? this.#valueRefusal ?? this.#negativePartition(partition);
    return refusal ?? this.#extra?.refusalOf(this.#values.length);
  }

  #key(): Buffer | null {
    this.#scanner.scanValue();
    this.#keyRefusal = undefined;
    if (this.#scanner.kind === 'null') return null;
    try {
      return this.#decoders.key(this.#scanner);
    } catch (error) {
      this.#keyRefusal = asRefusal(error);
      return null;
    }
  }

  #value(): Buffer | null {
    this.#scanner.scanValue();
    this.#valueRefusal = undefined;
    if (this.#scanner.kind === 'null') return null;
    try {
      return this.#decoders.value(this.#scanner);
    } catch (error) {
      this.#valueRefusal = asRefusal(error);
      return null;
    }
  }

  #partition(): number | undefined {
    this.#scanner.scanValue();
    return smallInteger(this.#scanner) ?? coerceInt32(scalarValue(this.#scanner));
  }

  /** Confluent answers a bare 500 here; the negative numbers are the client's mistake and are said to be. */
  #negativePartition(partition: number | undefined): ApiError | undefined {
    if (partition === undefined || partition >= 0) return undefined;
    const index = this.#values.length;
    return new ApiError('badRequest', {
      detail: `: the partition of record ${index} is ${partition}; allowed is 0 to 2147483647, or none`,
    });
  }

  #scalar(): unknown {
    this.#scanner.scanValue();
    return scalarValue(this.#scanner);
  }
}

function asRefusal(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}

/**
 * Reads a produce request.
 * @param body the bytes as received; the batch keeps views of them
 * @throws ApiError badRequest when the body is no JSON, has the wrong shape or holds what the format refuses (in v1
 *   unprocessable for that); unprocessable when there are no records or an unknown field; payloadTooLarge beyond `recordsMax`
 */
export function parseProduceRequest(body: Buffer, options: ProduceRequestOptions): ProduceRequest {
  const request = scanBody(body, options.depthMax, (scanner) => new ProduceRequestReader(scanner, options).read());
  const method = methodNames[options.format];
  if (request === undefined) {
    throw new ApiError('unprocessable', { message: `${method}.request must not be null (was null)` });
  }
  if (request.batch.count === 0) {
    throw new ApiError('unprocessable', { message: `${method}.request.records must not be empty (was [])` });
  }
  return request;
}
