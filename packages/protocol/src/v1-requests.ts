import { ApiError } from './errors.ts';
import { parseInstant } from './instants.ts';
import { parseInt64 } from './integers.ts';
import { quoteBriefly } from './json-coercion.ts';
import { queryParameter } from './query.ts';
import { readEntity } from './request-entity.ts';
import { v1CommitBody } from './request-schemas.ts';

/**
 * What only v1 is asked for. Source: rest-v1-v2 contract C.4 and C.5, observed (m).
 *
 * Confluent's framework answers a parameter that is no number 404 without a word, and a negative one 500. Each is 400 here,
 * and says what is allowed.
 */

/** Records that one request of the simple consumer may ask for. */
export const MESSAGES_MAX = 100_000;

export interface MessagesQuery {
  /** The first record that is wanted: by its offset, or as the first one of this time or a later one. */
  readonly from: { readonly offset: number } | { readonly timestampMs: number };
  readonly count: number;
}

function wholeNumber(query: string, name: string, max: number): number | undefined {
  const text = queryParameter(query, name);
  if (text === undefined || text === '') return undefined;
  const value = parseInt64(text);
  if (value !== undefined && value >= 0 && value <= max) return value;
  throw new ApiError('badRequest', {
    message: `The query parameter \`${name}\` must be a whole number from 0 to ${max} (was ${quoteBriefly(text)}).`,
  });
}

function instant(query: string, name: string): number | undefined {
  const text = queryParameter(query, name);
  if (text === undefined || text === '') return undefined;
  const value = parseInstant(text);
  // Negative times mean "latest" and "earliest" in Kafka's protocol and must never get there; no record is older than 0.
  if (value !== undefined) return Math.max(0, value);
  throw new ApiError('badRequest', {
    message: `The query parameter \`${name}\` must be an ISO-8601 instant such as 2020-01-01T00:00:00Z (was ${quoteBriefly(text)}).`,
  });
}

/**
 * The query of GET /topics/{topic}/partitions/{partition}/messages. An empty parameter is none.
 * @throws ApiError badRequest
 */
export function parseMessagesQuery(query: string): MessagesQuery {
  const offset = wholeNumber(query, 'offset', Number.MAX_SAFE_INTEGER);
  const timestampMs = instant(query, 'timestamp');
  const count = wholeNumber(query, 'count', MESSAGES_MAX) ?? 1;
  if (offset !== undefined && timestampMs !== undefined) {
    throw new ApiError('badRequest', {
      message: 'Either `offset` or `timestamp` query parameters must be set, and not both of them.',
    });
  }
  if (offset !== undefined) return { from: { offset }, count };
  if (timestampMs !== undefined) return { from: { timestampMs }, count };
  throw new ApiError('badRequest', { message: 'Either `offset` or `timestamp` query parameters must be set.' });
}

/**
 * The body of v1's POST …/offsets, which says nothing: no entity, or an empty object. Whoever names offsets means v2's
 * commit, and must not have others committed for them.
 * @throws ApiError unprocessable for any field; badRequest
 */
export function parseV1CommitRequest(body: Buffer, depthMax: number): void {
  readEntity(body, depthMax, { schema: v1CommitBody, type: 'ConsumerOffsetCommitRequest' });
}
