import type { ClientConf } from './consumer-settings.ts';
import type { QueueSpace } from './queue-budget.ts';

export interface ProducerConfOptions {
  /** What the configuration file says about producers, in librdkafka's names. */
  readonly settings: ClientConf;
  /** How long a record is tried before it fails, in milliseconds. */
  readonly deliveryTimeoutMs: number;
  /** How long an unknown topic or partition is looked for, in milliseconds. */
  readonly metadataTimeoutMs: number;
}

export interface ProducerConf extends ClientConf {
  /** What a request may reserve; librdkafka's own limits lie above it. */
  readonly queue: QueueSpace;
  /** Largest record, in bytes as the Java client counts them (max.request.size). */
  readonly maxRequestBytes: number;
  /** Why idempotence was turned off although nobody asked for that. */
  readonly warning: string | undefined;
}

const KIB = 1024;
const defaultQueue: QueueSpace = { records: 100_000, bytes: 64 * KIB * KIB };
/** Java's default for max.request.size. */
const DEFAULT_MAX_REQUEST_BYTES = 1_048_576;
/** librdkafka's headroom over what we reserve, so that its queue can never be full in the middle of a request. */
const HEADROOM_RECORDS = 1000;
const HEADROOM_KIB = 1024;

/** Defaults that a setting in the configuration file replaces. */
const tunable: ClientConf['global'] = {
  // 1 ms gathers a whole event loop turn into one produce request: 1.6 times the batch throughput of 0 ms, at no
  // visible latency, since reports are polled once a millisecond anyway.
  'linger.ms': 1,
  'socket.nagle.disable': true,
  // With the default of 60 s a broker that vanished during a rolling restart held acknowledgements back for a minute.
  'socket.timeout.ms': 10_000,
  'reconnect.backoff.max.ms': 2000,
  'message.max.bytes': DEFAULT_MAX_REQUEST_BYTES,
  'log.connection.close': false,
};

/** Idempotence demands these; librdkafka refuses to start with another value. */
const idempotenceConflicts: readonly {
  readonly scope: keyof ClientConf;
  readonly name: string;
  readonly allows: (value: string) => boolean;
}[] = [
  ...['acks', 'request.required.acks'].flatMap((name) =>
    (['topic', 'global'] as const).map((scope) => ({
      scope,
      name,
      allows: (value: string) => value === 'all' || value === '-1',
    })),
  ),
  ...['retries', 'message.send.max.retries'].map((name) => ({
    scope: 'global' as const,
    name,
    allows: (value: string) => Number(value) > 0,
  })),
  ...['max.in.flight', 'max.in.flight.requests.per.connection'].map((name) => ({
    scope: 'global' as const,
    name,
    allows: (value: string) => Number(value) <= 5,
  })),
];

function conflictWithIdempotence(settings: ClientConf): string | undefined {
  const conflict = idempotenceConflicts.find(({ scope, name, allows }) => {
    const value = settings[scope][name];
    return value !== undefined && !allows(String(value));
  });
  return conflict && `${conflict.name}=${String(settings[conflict.scope][conflict.name])}`;
}

function positive(value: unknown, fallback: number): number {
  const given = Number(value);
  return value !== undefined && given > 0 ? given : fallback;
}

/**
 * The settings of one producer. Idempotence is on (without it a rolling restart writes records twice) unless it
 * is turned off, or an explicit setting that it cannot work with turns it off, with a warning.
 */
export function producerConf(options: ProducerConfOptions): ProducerConf {
  const { settings } = options;
  const asked = settings.global['enable.idempotence'];
  const conflict = asked === undefined ? conflictWithIdempotence(settings) : undefined;
  const queue = {
    records: positive(settings.global['queue.buffering.max.messages'], defaultQueue.records),
    bytes: positive(settings.global['queue.buffering.max.kbytes'], defaultQueue.bytes / KIB) * KIB,
  };
  return {
    global: {
      ...tunable,
      'enable.idempotence': conflict === undefined,
      ...settings.global,
      dr_cb: true,
      'queue.buffering.max.messages': queue.records + HEADROOM_RECORDS,
      'queue.buffering.max.kbytes': Math.ceil(queue.bytes / KIB) + HEADROOM_KIB,
      'topic.metadata.propagation.max.ms': options.metadataTimeoutMs,
    },
    // Topic-level settings count only in the second argument of the constructor; in the first they are ignored.
    topic: {
      partitioner: 'murmur2_random',
      ...settings.topic,
      'message.timeout.ms': options.deliveryTimeoutMs,
    },
    queue,
    maxRequestBytes: positive(settings.global['message.max.bytes'], DEFAULT_MAX_REQUEST_BYTES),
    warning: conflict === undefined ? undefined : `Idempotence is off, because ${conflict} is set.`,
  };
}
