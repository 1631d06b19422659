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
  // Without it a rolling restart of the brokers writes some records twice.
  'enable.idempotence': true,
  // 1 ms gathers a whole event loop turn into one produce request: 1.6 times the batch throughput of 0 ms, at no
  // visible latency, since reports are polled once a millisecond anyway.
  'linger.ms': 1,
  // A topic's max.message.bytes bounds a whole batch, and librdkafka does not split one that is refused as the Java
  // client does: with its own 1 MB, many small records at once would fail where each alone is fine. No slower.
  'batch.size': 65_536,
  'socket.nagle.disable': true,
  // With the default of 60 s a broker that vanished during a rolling restart held acknowledgements back for a minute.
  'socket.timeout.ms': 10_000,
  'reconnect.backoff.max.ms': 2000,
  'message.max.bytes': DEFAULT_MAX_REQUEST_BYTES,
  'log.connection.close': false,
};

function positive(value: unknown, fallback: number): number {
  const given = Number(value);
  return value !== undefined && given > 0 ? given : fallback;
}

/** The settings of one producer: what is asked for, over our defaults, under what the rest of this package relies on. */
export function producerConf(options: ProducerConfOptions): ProducerConf {
  const { settings } = options;
  const queue = {
    records: positive(settings.global['queue.buffering.max.messages'], defaultQueue.records),
    bytes: positive(settings.global['queue.buffering.max.kbytes'], defaultQueue.bytes / KIB) * KIB,
  };
  return {
    global: {
      ...tunable,
      ...settings.global,
      dr_cb: true,
      'queue.buffering.max.messages': queue.records + HEADROOM_RECORDS,
      'queue.buffering.max.kbytes': Math.ceil(queue.bytes / KIB) + HEADROOM_KIB,
      'topic.metadata.propagation.max.ms': options.metadataTimeoutMs,
    },
    // Topic-level settings count only in the second argument of the constructor; in the first they are ignored.
    topic: {
      // Where the Java client would put a key. The default, consistent_random, agrees with it for one key in twelve.
      partitioner: 'murmur2_random',
      ...settings.topic,
      'message.timeout.ms': options.deliveryTimeoutMs,
    },
    queue,
    maxRequestBytes: positive(settings.global['message.max.bytes'], DEFAULT_MAX_REQUEST_BYTES),
  };
}
