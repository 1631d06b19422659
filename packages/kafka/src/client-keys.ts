export type ConfValue = string | number | boolean;
export type ClientKind = 'producer' | 'consumer' | 'admin';

/** Where a value goes in librdkafka's settings, and the bounds that it has there. */
export interface Target {
  readonly scope: 'global' | 'topic';
  readonly name: string;
  readonly min?: number;
  readonly max?: number;
  /** Into librdkafka's unit. */
  readonly convert?: (value: number) => number;
}

/** How the value of a Java key is read. */
export type ValueRule =
  | { readonly kind: 'text' }
  | { readonly kind: 'flag' }
  /** A whole number within the bounds that Java allows; librdkafka's own are the target's. */
  | { readonly kind: 'whole'; readonly min: number; readonly max: number }
  /** One of some words, each with librdkafka's word for it. */
  | { readonly kind: 'word'; readonly words: Readonly<Record<string, ConfValue>> }
  /** A comma-separated list of such words. */
  | { readonly kind: 'words'; readonly words: Readonly<Record<string, string>> };

export interface JavaKey {
  readonly clients: readonly ClientKind[];
  readonly rule: ValueRule;
  readonly targets: readonly Target[];
}

const INT_MAX = 2_147_483_647;
const LONG_MAX = Number.MAX_SAFE_INTEGER;

const textValue: ValueRule = { kind: 'text' };
const flagValue: ValueRule = { kind: 'flag' };
const whole = (min: number, max: number = INT_MAX): ValueRule => ({ kind: 'whole', min, max });
const word = (words: Readonly<Record<string, ConfValue>>): ValueRule => ({ kind: 'word', words });
const inGlobal = (name: string, bounds: Omit<Target, 'scope' | 'name'> = {}): Target => ({
  scope: 'global',
  name,
  ...bounds,
});
const inTopic = (name: string, bounds: Omit<Target, 'scope' | 'name'> = {}): Target => ({
  scope: 'topic',
  name,
  ...bounds,
});

function row(clients: readonly ClientKind[], rule: ValueRule, ...targets: readonly Target[]): JavaKey {
  return { clients, rule, targets };
}

const all = ['producer', 'consumer', 'admin'] as const;
const producer = ['producer'] as const;
const consumer = ['consumer'] as const;

const javaProducers = 'org.apache.kafka.clients.producer';
const javaConsumers = 'org.apache.kafka.clients.consumer';

/** Java's assignors. Sticky has no counterpart without the cooperative protocol, which no member of an eager group can join. */
const assignors: Readonly<Record<string, string>> = {
  [`${javaConsumers}.RangeAssignor`]: 'range',
  [`${javaConsumers}.RoundRobinAssignor`]: 'roundrobin',
  [`${javaConsumers}.CooperativeStickyAssignor`]: 'cooperative-sticky',
  range: 'range',
  roundrobin: 'roundrobin',
  'cooperative-sticky': 'cooperative-sticky',
};

/**
 * Java's client keys with their places in librdkafka's settings. `acks`, time-outs of records, the partitioner and
 * `auto.offset.reset` are topic settings there, and node-rdkafka drops those that stand in the global ones.
 */
export const javaKeys: Readonly<Record<string, JavaKey>> = {
  'client.id': row(all, textValue, inGlobal('client.id')),
  'client.rack': row(all, textValue, inGlobal('client.rack')),
  'client.dns.lookup': row(
    all,
    word({
      use_all_dns_ips: 'use_all_dns_ips',
      default: 'use_all_dns_ips',
      resolve_canonical_bootstrap_servers_only: 'resolve_canonical_bootstrap_servers_only',
    }),
    inGlobal('client.dns.lookup'),
  ),
  'connections.max.idle.ms': row(
    all,
    whole(-1, LONG_MAX),
    // Java's -1 and librdkafka's 0 both mean never.
    inGlobal('connections.max.idle.ms', { convert: (value) => Math.max(value, 0), min: 0, max: INT_MAX }),
  ),
  'metadata.max.age.ms': row(
    all,
    whole(0, LONG_MAX),
    inGlobal('topic.metadata.refresh.interval.ms', { min: 1, max: 3_600_000 }),
  ),
  'reconnect.backoff.ms': row(all, whole(0, LONG_MAX), inGlobal('reconnect.backoff.ms', { min: 0, max: 3_600_000 })),
  'reconnect.backoff.max.ms': row(
    all,
    whole(0, LONG_MAX),
    inGlobal('reconnect.backoff.max.ms', { min: 0, max: 3_600_000 }),
  ),
  'retry.backoff.ms': row(all, whole(0, LONG_MAX), inGlobal('retry.backoff.ms', { min: 1, max: 300_000 })),
  'retry.backoff.max.ms': row(all, whole(0, LONG_MAX), inGlobal('retry.backoff.max.ms', { min: 1, max: 300_000 })),
  'receive.buffer.bytes': row(
    all,
    whole(-1),
    inGlobal('socket.receive.buffer.bytes', { convert: (value) => Math.max(value, 0), min: 0, max: 100_000_000 }),
  ),
  'send.buffer.bytes': row(
    all,
    whole(-1),
    inGlobal('socket.send.buffer.bytes', { convert: (value) => Math.max(value, 0), min: 0, max: 100_000_000 }),
  ),
  'socket.connection.setup.timeout.ms': row(
    all,
    whole(0, LONG_MAX),
    inGlobal('socket.connection.setup.timeout.ms', { min: 1000, max: INT_MAX }),
  ),
  'enable.metrics.push': row(all, flagValue, inGlobal('enable.metrics.push')),

  acks: row(producer, word({ all: -1, '-1': -1, '0': 0, '1': 1 }), inTopic('acks')),
  'compression.type': row(
    producer,
    word({ none: 'none', gzip: 'gzip', snappy: 'snappy', lz4: 'lz4', zstd: 'zstd' }),
    inGlobal('compression.type'),
  ),
  // Which of them counts says compression.type; zstd's negative levels have no counterpart.
  'compression.gzip.level': row(producer, whole(-1, 9), inTopic('compression.level', { min: -1, max: 9 })),
  'compression.lz4.level': row(producer, whole(1, 17), inTopic('compression.level', { min: -1, max: 12 })),
  'compression.zstd.level': row(producer, whole(-131_072, 22), inTopic('compression.level', { min: -1, max: 12 })),
  'linger.ms': row(producer, whole(0, LONG_MAX), inGlobal('linger.ms', { min: 0, max: 900_000 })),
  // Java's 0 means no batches.
  'batch.size': row(producer, whole(0), inGlobal('batch.size', { min: 1, max: INT_MAX })),
  'max.request.size': row(producer, whole(0), inGlobal('message.max.bytes', { min: 1000, max: 1_000_000_000 })),
  'buffer.memory': row(
    producer,
    whole(0, LONG_MAX),
    inGlobal('queue.buffering.max.kbytes', { convert: (value) => Math.ceil(value / 1024), min: 1, max: INT_MAX }),
  ),
  retries: row(producer, whole(0), inGlobal('retries', { min: 0, max: INT_MAX })),
  'enable.idempotence': row(producer, flagValue, inGlobal('enable.idempotence')),
  'max.in.flight.requests.per.connection': row(
    producer,
    whole(1),
    inGlobal('max.in.flight.requests.per.connection', { min: 1, max: 1_000_000 }),
  ),
  'delivery.timeout.ms': row(producer, whole(0), inTopic('message.timeout.ms', { min: 0, max: INT_MAX })),
  'max.block.ms': row(
    producer,
    whole(0, LONG_MAX),
    inGlobal('topic.metadata.propagation.max.ms', { min: 0, max: 3_600_000 }),
  ),
  'partitioner.class': row(
    producer,
    word({
      [`${javaProducers}.internals.DefaultPartitioner`]: 'murmur2_random',
      [`${javaProducers}.internals.UniformStickyPartitioner`]: 'random',
      [`${javaProducers}.UniformStickyPartitioner`]: 'random',
      [`${javaProducers}.RoundRobinPartitioner`]: 'random',
    }),
    inTopic('partitioner'),
  ),

  'fetch.min.bytes': row(consumer, whole(0), inGlobal('fetch.min.bytes', { min: 1, max: 100_000_000 })),
  'fetch.max.bytes': row(consumer, whole(0), inGlobal('fetch.max.bytes', { min: 1000, max: 2_147_483_135 })),
  'fetch.max.wait.ms': row(consumer, whole(0), inGlobal('fetch.wait.max.ms', { min: 0, max: 300_000 })),
  'max.partition.fetch.bytes': row(
    consumer,
    whole(0),
    inGlobal('fetch.message.max.bytes', { min: 1, max: 1_000_000_000 }),
  ),
  'session.timeout.ms': row(consumer, whole(1), inGlobal('session.timeout.ms', { min: 1, max: 3_600_000 })),
  'heartbeat.interval.ms': row(consumer, whole(1), inGlobal('heartbeat.interval.ms', { min: 1, max: 3_600_000 })),
  'max.poll.interval.ms': row(consumer, whole(1), inGlobal('max.poll.interval.ms', { min: 1, max: 86_400_000 })),
  'partition.assignment.strategy': row(
    consumer,
    { kind: 'words', words: assignors },
    inGlobal('partition.assignment.strategy'),
  ),
  'isolation.level': row(
    consumer,
    word({ read_committed: 'read_committed', read_uncommitted: 'read_uncommitted' }),
    inGlobal('isolation.level'),
  ),
  'check.crcs': row(consumer, flagValue, inGlobal('check.crcs')),
  'enable.auto.commit': row(consumer, flagValue, inGlobal('enable.auto.commit')),
  'auto.commit.interval.ms': row(consumer, whole(0), inGlobal('auto.commit.interval.ms', { min: 0, max: 86_400_000 })),
  'auto.offset.reset': row(
    consumer,
    word({ earliest: 'earliest', latest: 'latest', none: 'error' }),
    inTopic('auto.offset.reset'),
  ),
};

/** `request.timeout.ms` bounds every request; a producer's broker also needs to know how long to wait for replicas. */
export const requestTimeoutKey: Readonly<Record<ClientKind, JavaKey>> = {
  producer: row(
    producer,
    whole(0),
    inGlobal('socket.timeout.ms', { min: 10, max: 300_000 }),
    inTopic('request.timeout.ms', { min: 1, max: 900_000 }),
  ),
  consumer: row(consumer, whole(0), inGlobal('socket.timeout.ms', { min: 10, max: 300_000 })),
  admin: row(['admin'], whole(0), inGlobal('socket.timeout.ms', { min: 10, max: 300_000 })),
};

const javaSerializers = "it steers Java's serializers; this server has its own";

/** Keys that Java clients, or serializers with them, know and that have no effect here, with the reason. */
export const unusedJavaKeys: Readonly<Record<string, string>> = {
  'group.id': 'each consumer instance brings its own group',
  'group.instance.id': 'each consumer instance brings its own member id',
  'group.protocol': 'consumers use the classic group protocol',
  'group.remote.assignor': 'consumers use the classic group protocol',
  'transactional.id': 'the proxy does not offer transactions',
  'transaction.timeout.ms': 'the proxy does not offer transactions',
  'transaction.two.phase.commit.enable': 'the proxy does not offer transactions',
  'share.acknowledgement.mode': 'the proxy has no share groups',
  'bootstrap.controllers': 'brokers are asked, and not controllers',
  'max.schemas.per.subject': javaSerializers,
  'use.schema.id': javaSerializers,
  'use.latest.with.metadata': javaSerializers,
  'id.compatibility.strict': javaSerializers,
  'key.serializer': 'the format of a request decides',
  'value.serializer': 'the format of a request decides',
  'key.deserializer': 'the format of a consumer instance decides',
  'value.deserializer': 'the format of a consumer instance decides',
  'interceptor.classes': 'Java classes are not loaded',
  'metric.reporters': 'Java classes are not loaded',
  'security.providers': 'Java classes are not loaded',
  'auto.include.jmx.reporter': 'there is no JMX',
  'metrics.num.samples': 'metrics are served in Prometheus form',
  'metrics.recording.level': 'metrics are served in Prometheus form',
  'metrics.sample.window.ms': 'metrics are served in Prometheus form',
  'max.poll.records': 'a read takes what its max_bytes allows',
  'allow.auto.create.topics': 'reading never creates a topic',
  'exclude.internal.topics': 'patterns are matched by the client library',
  'default.api.timeout.ms': 'sluice.kafka.admin.timeout.ms has its place',
  'metadata.max.idle.ms': 'the client library has no such limit',
  'socket.connection.setup.timeout.max.ms': 'the client library has one connection timeout',
  'partitioner.ignore.keys': 'keys always choose the partition',
  'partitioner.adaptive.partitioning.enable': 'the client library has its own sticky partitioning',
  'partitioner.availability.timeout.ms': 'the client library has its own sticky partitioning',
};

/** The same for all keys that begin so. Source: contract D.2. */
const unusedFamilies: readonly (readonly [family: RegExp, reason: string])[] = [
  [/^(?:avro|json|protobuf|specific|schema|latest|rule|rules|reference|basic\.auth|bearer\.auth)\./, javaSerializers],
  [/^(?:metrics\.context|confluent)\./, 'Java classes are not loaded'],
  [/^config\.providers(?:\.|$)/, 'values are taken as they are written'],
];

/** Why a key that Java clients know has no effect here; undefined for another. */
export function unusedJavaKey(name: string): string | undefined {
  if (Object.hasOwn(unusedJavaKeys, name)) return unusedJavaKeys[name];
  return unusedFamilies.find(([family]) => family.test(name))?.[1];
}
