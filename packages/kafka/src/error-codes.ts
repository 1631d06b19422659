import { protocolErrors } from '@platformatic/kafka';
import rdkafka from 'node-rdkafka';

import type { KafkaErrorFamily } from './kafka-error.ts';

const local = rdkafka.CODES.ERRORS;

/** What the protocol says about one of its error codes. */
export interface ProtocolErrorEntry {
  readonly name: string;
  readonly message: string;
  readonly retriable: boolean;
}

/** Kafka's own table of protocol errors (names and texts as in the Java client), by code. */
export const protocolErrorByCode: ReadonlyMap<number, ProtocolErrorEntry> = new Map(
  Object.values(protocolErrors).map((entry) => [
    entry.code,
    { name: entry.id, message: entry.message, retriable: entry.canRetry },
  ]),
);

const families: ReadonlyArray<readonly [KafkaErrorFamily, readonly number[]]> = [
  // SaslAuthenticationException and its siblings; SSL because a refused certificate is one as well (SslAuthenticationException).
  ['authentication', [33, 34, 58, local.ERR__AUTHENTICATION, local.ERR__SSL]],
  ['authorization', [29, 30, 31, 53, 65]],
  ['brokerNotAvailable', [8]],
  // The classes that the contract names in B.3 rule 4.
  ['badRequest', [-1, 35, 36, 37, 38, 40, 42, 44, 54, 73]],
  ['tooLarge', [10]],
  ['unknownTopicOrPartition', [3, 100, local.ERR__UNKNOWN_TOPIC, local.ERR__UNKNOWN_PARTITION]],
  ['throttled', [89]],
  ['invalidTopic', [17]],
  ['fenced', [47, 82, 90, 110, local.ERR__FENCED]],
  ['queueFull', [local.ERR__QUEUE_FULL]],
];

const familyByCode: ReadonlyMap<number, KafkaErrorFamily> = new Map(
  families.flatMap(([family, codes]) => codes.map((code) => [code, family] as const)),
);

/** Local conditions that pass: the same call may succeed a moment later. */
const retriableLocalCodes: ReadonlySet<number> = new Set([
  local.ERR__DESTROY,
  local.ERR__DESTROY_BROKER,
  local.ERR__FAIL,
  local.ERR__TRANSPORT,
  local.ERR__RESOLVE,
  local.ERR__MSG_TIMED_OUT,
  local.ERR__UNKNOWN_PARTITION,
  local.ERR__UNKNOWN_TOPIC,
  local.ERR__ALL_BROKERS_DOWN,
  local.ERR__TIMED_OUT,
  local.ERR__TIMED_OUT_QUEUE,
  local.ERR__QUEUE_FULL,
  local.ERR__ISR_INSUFF,
  local.ERR__NODE_UPDATE,
  local.ERR__WAIT_COORD,
  local.ERR__WAIT_CACHE,
  local.ERR__PREV_IN_PROGRESS,
  local.ERR__STATE,
  local.ERR__INTR,
  local.ERR__RETRY,
  local.ERR__PURGE_QUEUE,
  local.ERR__PURGE_INFLIGHT,
  local.ERR__FATAL,
  local.ERR__GAPLESS_GUARANTEE,
  local.ERR__MAX_POLL_EXCEEDED,
  local.ERR__ASSIGNMENT_LOST,
  // One bad record fails its whole batch, and librdkafka batches records of unrelated requests: a good one may be sent again.
  local.ERR__INVALID_DIFFERENT_RECORD,
]);

/** Whether the same call may succeed later (Java's RetriableException family, and librdkafka's passing conditions). */
export function isRetriableCode(code: number): boolean {
  return protocolErrorByCode.get(code)?.retriable ?? retriableLocalCodes.has(code);
}

/** The family of a code; `retriable` or `other` for those without a family of their own. */
export function familyOfCode(code: number): KafkaErrorFamily {
  return familyByCode.get(code) ?? (isRetriableCode(code) ? 'retriable' : 'other');
}

/** Whether the identity or its rights were refused: sending the same again changes nothing. */
export function isRefusal({ family }: { readonly family: KafkaErrorFamily }): boolean {
  return family === 'authentication' || family === 'authorization';
}
