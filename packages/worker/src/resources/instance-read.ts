import { ApiError, type EmbeddedFormat, embeddedTypeOf, peerHeaders } from '@sluice/protocol';
import type { Api } from '../api.ts';
import { fieldsOf } from '../formats/record-fields.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Batch } from '../sessions/delivery-tracker.ts';
import { NotHeld } from '../sessions/not-held.ts';
import { type ReadRequest, readRecords } from '../sessions/read-records.ts';
import type { KeptAnswer } from '../sessions/replay-store.ts';
import type { SentRead } from '../sessions/sent-reads.ts';
import type { Session } from '../sessions/session.ts';
import { positiveParameter } from './positive-parameter.ts';

const KEY_CHARACTERS_MAX = 256;

/** Named by the versions' own parameters. */
export interface ReadWish {
  /** Of `recordsTypeOf`. */
  readonly contentType: string;
  /** Milliseconds; undefined: as long as the instance was made to wait. */
  readonly timeoutMs: number | undefined;
  /** Called where no record came: throws where that is not for want of records. */
  readonly whenEmpty?: () => Promise<void>;
}

function readRequest(exchange: Exchange, api: Api, { timeoutMs }: ReadWish): ReadRequest {
  const { consumer } = api.config;
  const maxBytes = positiveParameter(exchange.negotiated.query, 'max_bytes');
  return {
    timeoutMs: timeoutMs === undefined ? undefined : Math.min(timeoutMs, consumer.maxTimeoutMs),
    maxBytes: Math.min(maxBytes ?? Number.POSITIVE_INFINITY, consumer.requestMaxBytes),
    sizeGiven: maxBytes !== undefined,
    signal: exchange.signal,
  };
}

/** Those that take their values from a schema may be asked for in each other's types (contract A.11). */
const schemaFormats: ReadonlySet<EmbeddedFormat> = new Set(['avro', 'jsonschema', 'protobuf']);

function fits(asked: EmbeddedFormat, own: EmbeddedFormat): boolean {
  return asked === own || (schemaFormats.has(asked) && schemaFormats.has(own));
}

/**
 * The Content-Type of the records: that of the instance's own format where the client named none.
 * @throws ApiError 406/40601 when the client named one that does not fit
 */
export function recordsTypeOf(session: Session, exchange: Exchange): string {
  const { responseFormat, responseType, typeUnspecified } = exchange.negotiated;
  const { name } = session.settings.format;
  if (typeUnspecified) return embeddedTypeOf(exchange.api, name);
  if (!fits(responseFormat, name)) throw new ApiError('formatMismatch');
  return responseType;
}

function idempotencyKey(exchange: Exchange): string | undefined {
  const key = exchange.req.headers['idempotency-key'];
  if (typeof key !== 'string') return undefined;
  if (key.length > KEY_CHARACTERS_MAX) {
    throw new ApiError('badRequest', { message: `Idempotency-Key is longer than ${KEY_CHARACTERS_MAX} characters.` });
  }
  return key;
}

function replay(session: Session, exchange: Exchange, kept: KeptAnswer, body: readonly Buffer[]): Answer {
  // On its way once more: until it is out, nothing proves that the client has it.
  kept.batch.state = 'open';
  const sent = sentRead(session, exchange);
  sent?.answering(kept.batch);
  return {
    status: 200,
    body,
    contentType: kept.contentType,
    ...proofOf(kept.batch, sent),
    onSent: (complete) => settleSent(session, kept.batch, sent, complete),
  };
}

/** The node that sent the read passes the answer on, and tells when the client has it. */
function proofOf({ extents }: Batch, sent: SentRead | undefined): Pick<Answer, 'headers'> {
  return sent === undefined || extents.size === 0 ? {} : { headers: { [peerHeaders.awaited]: '1' } };
}

function settleSent(session: Session, batch: Batch, sent: SentRead | undefined, complete: boolean): void {
  if (sent === undefined) session.settle(batch, complete);
  else sent.onSent(complete);
}

/** Sent by an edge, which may send it again. */
function sentRead({ sentReads }: Session, { attempt, req }: Exchange): SentRead | undefined {
  return attempt.isForwarded === true ? sentReads.begin(attempt.requestId, req.socket) : undefined;
}

interface Read extends Pick<ReadWish, 'contentType' | 'whenEmpty'> {
  readonly request: ReadRequest;
  /** The Idempotency-Key. */
  readonly key: string | undefined;
  readonly sent: SentRead | undefined;
}

async function readNext(session: Session, api: Api, read: Read): Promise<Answer> {
  const { contentType, request, key, sent } = read;
  const { firstReadTimeoutMs, readTargetBytes, requestMaxBytes } = api.config.consumer;
  const wanted = sent === undefined ? request : { ...request, signal: AbortSignal.any([request.signal, sent.signal]) };
  const outcome = await api.reads.counted(() =>
    readRecords(session, wanted, {
      limits: { firstReadTimeoutMs, targetBytes: readTargetBytes, maxBytes: requestMaxBytes },
      format: session.settings.format,
      fields: fieldsOf(session.settings.api, api),
      scheduler: api.scheduler,
      budget: api.bodyBudget,
      pieces: api.pieces,
      ending: () => api.draining() || session.yielding,
      now: api.now,
    }),
  );
  const { body, batch, bytes } = outcome;
  try {
    if (outcome.records === 0) await read.whenEmpty?.();
    if (sent?.signal.aborted === true) throw new NotHeld(undefined);
  } catch (error) {
    outcome.release(true);
    session.settle(batch, false);
    throw error;
  }
  sent?.answering(batch);
  if (key !== undefined) api.replays.keep(session, { key, batch, body, contentType });
  else api.replays.forget(session);
  api.recordMetrics.add('consumed', session.settings.format.name, outcome.records, bytes);
  return {
    status: 200,
    body,
    contentType,
    ...proofOf(batch, sent),
    onSent: (complete) => {
      // What a cut connection has not taken may still be in its queue, and a kept answer may be sent again.
      outcome.release(complete && key === undefined);
      settleSent(session, batch, sent, complete);
    },
  };
}

/**
 * Answers the next records of an instance, or once more the last ones to who repeats an Idempotency-Key.
 * @throws ApiError; KafkaError; NotHeld
 */
export async function readInstance(session: Session, exchange: Exchange, api: Api, wish: ReadWish): Promise<Answer> {
  const request = readRequest(exchange, api, wish);
  const key = idempotencyKey(exchange);
  const kept = key === undefined ? undefined : api.replays.find(session, key);
  if (kept?.body !== undefined) return replay(session, exchange, kept, kept.body);
  // Its bytes had to make room: the same records are read again.
  if (kept !== undefined) session.settle(kept.batch, false);
  const sent = sentRead(session, exchange);
  try {
    return await readNext(session, api, { ...wish, request, key, sent });
  } catch (error) {
    sent?.failed();
    throw error;
  }
}
