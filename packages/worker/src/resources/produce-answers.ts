import type { BatchResult } from '@sluice/kafka';
import type { DialectName } from '@sluice/protocol';
import type { SchemaRecords } from '../formats/schema-records.ts';
import type { Answer } from '../http/answer.ts';

const AUTHENTICATION = 40101;
const AUTHORIZATION = 40301;
const RETRIABLE = 50003;
const OTHER = 50002;

/** Contract A.6: what a record's failure is called inside a produce response. */
function recordErrorCode(error: { readonly family: string; readonly retriable: boolean }): number {
  if (error.family === 'authentication') return AUTHENTICATION;
  if (error.family === 'authorization') return AUTHORIZATION;
  return error.retriable ? RETRIABLE : OTHER;
}

export type SchemaIds = Partial<Pick<SchemaRecords, 'keySchemaId' | 'valueSchemaId'>>;

export const NO_IDS: SchemaIds = {};

/** One entry a record, in the order of the request. The text is put together by hand: this is the hot path. */
function confluentAnswer(count: number, result: BatchResult, ids: SchemaIds): Answer {
  let status = 200;
  let body = '{"offsets":[';
  for (let i = 0; i < count; i += 1) {
    if (i > 0) body += ',';
    const error = result.errors?.get(i);
    if (error === undefined) {
      body += `{"partition":${result.partitions[i]},"offset":${result.offsets[i]},"error_code":null,"error":null}`;
      continue;
    }
    const code = recordErrorCode(error);
    // The first record that was refused for who asks decides the status; the body stays what it is.
    if (status === 200 && code === AUTHENTICATION) status = 401;
    if (status === 200 && code === AUTHORIZATION) status = 403;
    body += `{"partition":null,"offset":null,"error_code":${code},"error":${JSON.stringify(error.message)}}`;
  }
  const { keySchemaId: key = null, valueSchemaId: value = null } = ids;
  return { status, body: `${body}],"key_schema_id":${key},"value_schema_id":${value}}` };
}

/** What a record's failure is in HTTP's words. */
const strimziCodes: Readonly<Record<number, number>> = { [AUTHENTICATION]: 401, [AUTHORIZATION]: 403 };

const isUnknownTopic = (message: string): boolean => message.includes('not present in metadata');

/** Always 200; an entry is a place or an error, and codes are those of HTTP. */
function strimziAnswer(count: number, { partitions, offsets, errors }: BatchResult): Answer {
  const entries = Array.from({ length: count }, (_, i) => {
    const error = errors?.get(i);
    if (error === undefined) return { partition: partitions[i], offset: offsets[i] };
    const code = isUnknownTopic(error.message) ? 404 : (strimziCodes[recordErrorCode(error)] ?? 500);
    return { error_code: code, message: error.message };
  });
  return { status: 200, body: JSON.stringify({ offsets: entries }) };
}

/** Karapace's codes of a record: whether to try again is all that they say. */
const KARAPACE_FINAL = 1;
const KARAPACE_RETRIABLE = 2;

/** One record that is not written makes it 422. */
function karapaceAnswer(count: number, { partitions, offsets, errors }: BatchResult, ids: SchemaIds): Answer {
  const entries = Array.from({ length: count }, (_, i) => {
    const error = errors?.get(i);
    if (error === undefined) return { offset: offsets[i], partition: partitions[i] };
    return { error_code: error.retriable ? KARAPACE_RETRIABLE : KARAPACE_FINAL, error: error.message };
  });
  const { keySchemaId = null, valueSchemaId = null } = ids;
  const body = { key_schema_id: keySchemaId, value_schema_id: valueSchemaId, offsets: entries };
  return { status: (errors?.size ?? 0) > 0 ? 422 : 200, body: JSON.stringify(body) };
}

/** How a produce is answered in each dialect. */
export const produceAnswers: Readonly<
  Record<DialectName, (count: number, result: BatchResult, ids: SchemaIds) => Answer>
> = { confluent: confluentAnswer, strimzi: strimziAnswer, karapace: karapaceAnswer };
