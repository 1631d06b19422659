import rdkafka from 'node-rdkafka';

import { familyOfCode, isRetriableCode, protocolErrorByCode } from './error-codes.ts';
import { codeOfLibrdkafkaText, librdkafkaText } from './error-text.ts';
import { KafkaError } from './kafka-error.ts';

const local = rdkafka.CODES.ERRORS;

/** What the message of an error names, as far as the caller knows it. */
export interface ErrorContext {
  readonly topic?: string;
  readonly group?: string;
  readonly partition?: number;
  readonly partitionCount?: number;
  /** How long the topic or partition was looked for, in milliseconds. */
  readonly metadataTimeoutMs?: number;
  /** How long the delivery was tried, in milliseconds. */
  readonly deliveryTimeoutMs?: number;
  /** What the broker (or the client) said about it in words; it replaces the standard text. */
  readonly detail?: string;
  readonly cause?: unknown;
}

type MessageOf = (context: ErrorContext) => string | undefined;

function notInMetadata(context: ErrorContext): string | undefined {
  const { topic, partition, partitionCount, metadataTimeoutMs } = context;
  if (topic === undefined || metadataTimeoutMs === undefined) {
    return undefined;
  }
  const subject =
    partition === undefined || partitionCount === undefined
      ? `Topic ${topic} not present in metadata`
      : `Partition ${partition} of topic ${topic} with partition count ${partitionCount} is not present in metadata`;
  return `${subject} after ${metadataTimeoutMs} ms.`;
}

const ambiguous: MessageOf = ({ deliveryTimeoutMs }) =>
  deliveryTimeoutMs === undefined
    ? 'The record was not acknowledged; it may still be written.'
    : `The record was not acknowledged within ${deliveryTimeoutMs} ms; it may still be written.`;

/** Where the Java client composes its text from the names at hand (contract A.5, A.6; observed (b), (d)). */
const composedMessages: ReadonlyMap<number, MessageOf> = new Map<number, MessageOf>([
  [3, notInMetadata],
  [local.ERR__UNKNOWN_TOPIC, (context) => notInMetadata(context) ?? protocolErrorByCode.get(3)?.message],
  [local.ERR__UNKNOWN_PARTITION, (context) => notInMetadata(context) ?? protocolErrorByCode.get(3)?.message],
  [29, ({ topic }) => (topic === undefined ? undefined : `Not authorized to access topics: [${topic}]`)],
  [30, ({ group }) => (group === undefined ? undefined : `Not authorized to access group: ${group}`)],
  [local.ERR__MSG_TIMED_OUT, ambiguous],
  [local.ERR__PURGE_INFLIGHT, ambiguous],
  // Its queue holds records that were sent once, were not acknowledged and wait for their next try, too.
  [local.ERR__PURGE_QUEUE, ambiguous],
  [local.ERR__FATAL, ambiguous],
]);

function standardMessage(code: number): string {
  const entry = protocolErrorByCode.get(code);
  if (entry !== undefined && entry.message !== '') {
    return entry.message;
  }
  const text = librdkafkaText(code);
  return text.endsWith('.') ? text : `${text}.`;
}

/**
 * The error for a protocol code (> 0) or one of librdkafka's local codes (< 0), with the Java client's text
 * as far as `context` holds what it names.
 */
export function kafkaErrorFromCode(code: number, context: ErrorContext = {}): KafkaError {
  const message = context.detail ?? composedMessages.get(code)?.(context) ?? standardMessage(code);
  return new KafkaError(code, familyOfCode(code), message, {
    retriable: isRetriableCode(code),
    ...(context.cause === undefined ? {} : { cause: context.cause }),
  });
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function textOf(error: unknown): string {
  const message = property(error, 'message');
  return typeof message === 'string' ? message : String(error);
}

/**
 * The error for anything node-rdkafka throws, calls back with or puts into a delivery report.
 * The latter carries code -1 and a lower-cased description whatever happened, so the description decides then.
 */
export function kafkaErrorFromClient(error: unknown, context: ErrorContext = {}): KafkaError {
  if (error instanceof KafkaError) {
    return error;
  }
  const given = property(error, 'code');
  const text = textOf(error);
  const code = typeof given === 'number' && given !== local.ERR_UNKNOWN ? given : codeOfLibrdkafkaText(text);
  if (code !== undefined) {
    return kafkaErrorFromCode(code, { cause: error, ...context });
  }
  if (text.endsWith('not connected') || text.endsWith('is disconnected')) {
    return kafkaErrorFromCode(local.ERR__STATE, { cause: error, ...context, detail: 'The client is not connected.' });
  }
  return new KafkaError(local.ERR_UNKNOWN, 'other', context.detail ?? text, { retriable: false, cause: error });
}

/**
 * The error for one that was noticed here and not by Kafka: the call did not end within its deadline.
 * Family `retriable`, code ERR__TIMED_OUT.
 */
export function timeoutError(what: string, timeoutMs: number): KafkaError {
  return kafkaErrorFromCode(local.ERR__TIMED_OUT, { detail: `Timed out after ${timeoutMs} ms: ${what}.` });
}
