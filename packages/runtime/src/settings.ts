import { cluster } from './cluster-settings.ts';
import type {
  ClusterConfig,
  Config,
  ConsumerLimits,
  DialectConfig,
  DosFilterConfig,
  FrontConfig,
  HttpLimits,
  KafkaLimits,
  LogConfig,
  ManagementConfig,
  ProduceLimits,
  RateLimitConfig,
  RegistryConfig,
} from './config.ts';
import { dialect } from './dialect-settings.ts';
import { dosFilter, front, rateLimit } from './front-settings.ts';
import { type ListenerTlsSettings, listenerTls } from './listener-tls-settings.ts';
import { registry } from './registry-settings.ts';
import { choice, flag, type Group, integer, list, listener, MIB, milliseconds, type Setting, text } from './setting.ts';

/**
 * The table of all keys that mean something here. Its shape is that of `Config`: a setting stands where its value
 * goes, so that neither can exist without the other. `raw` holds the keys from which several fields are made.
 */
export interface Settings {
  readonly top: Group<
    Pick<
      Config,
      | 'id'
      | 'hostName'
      | 'port'
      | 'debug'
      | 'mediaTypePreferred'
      | 'mediaTypeDefault'
      | 'compressionEnabled'
      | 'shutdownGracefulMs'
      | 'shutdownUnreadyMs'
    >
  >;
  readonly raw: {
    readonly bootstrapServers: Setting<readonly string[]>;
    readonly listeners: Setting<readonly string[]>;
    readonly listenerProtocolMap: Setting<readonly string[]>;
    readonly advertisedListeners: Setting<readonly string[]>;
    readonly serverConnectionLimit: Setting<number>;
  };
  /** Read for each listener of https. */
  readonly listenerTls: ListenerTlsSettings;
  readonly front: Group<FrontConfig>;
  readonly dialect: Group<DialectConfig>;
  readonly rateLimit: Group<RateLimitConfig>;
  readonly dosFilter: Group<DosFilterConfig>;
  readonly http: Group<HttpLimits>;
  readonly consumer: Group<ConsumerLimits>;
  readonly produce: Group<ProduceLimits>;
  readonly kafka: Group<KafkaLimits>;
  readonly registry: Group<RegistryConfig>;
  readonly management: Group<ManagementConfig>;
  readonly cluster: Group<ClusterConfig>;
  readonly log: Group<LogConfig>;
}

const INT_MAX = 2_147_483_647;
/** Beyond it a Buffer cannot be made on the smallest machines that Node supports (2 GiB, 32 bit). */
const BYTES_MAX = 2_147_483_647;

const top: Settings['top'] = {
  id: text('id', { description: 'Name of this server, part of the consumer instance names that it makes up.' }),
  hostName: text('host.name', {
    description: 'Host in the links of answers, in place of the one that the client asked.',
  }),
  port: integer('port', {
    description: 'Port to listen on when `listeners` is empty.',
    defaultValue: 8082,
    min: 0,
    max: 65_535,
  }),
  debug: flag('debug', { description: 'Log at debug level whatever `sluice.log.level` says.', defaultValue: false }),
  mediaTypePreferred: list('response.mediatype.preferred', {
    description: 'Media types of a 415 answer, best first.',
    defaultValue: ['application/json', 'application/vnd.kafka.v2+json'],
  }),
  mediaTypeDefault: text('response.mediatype.default', {
    description: 'Media type of a 415 answer when the client accepts none of the preferred ones.',
    defaultValue: 'application/json',
  }),
  compressionEnabled: flag('compression.enable', {
    description: 'Compress answers with gzip for clients that ask for it.',
    defaultValue: true,
  }),
  shutdownGracefulMs: milliseconds('shutdown.graceful.ms', {
    description:
      'From SIGTERM to the end of the process: requests in flight are answered, producers flushed, consumers closed.',
    defaultValue: 5000,
  }),
  shutdownUnreadyMs: milliseconds('sluice.shutdown.unready.ms', {
    description:
      'From SIGTERM to the beginning of that: requests are served, and /readyz says no. As long as a balancer needs to see it.',
    defaultValue: 0,
    min: 0,
  }),
};

const raw: Settings['raw'] = {
  bootstrapServers: list('bootstrap.servers', {
    description: 'Kafka brokers to begin with, HOST:PORT. A NAME:// in front is dropped. Must be set, but for an edge.',
    defaultValue: [],
  }),
  listeners: list('listeners', {
    description: 'Where the API listens, http://HOST:PORT or https://HOST:PORT. Empty: all interfaces on `port`, http.',
    defaultValue: [],
  }),
  listenerProtocolMap: list('listener.protocol.map', {
    description: 'What other names in `listeners` stand for, NAME:http or NAME:https.',
    defaultValue: [],
  }),
  advertisedListeners: list('advertised.listeners', {
    description:
      'Base URLs for the links of answers, where clients reach the API under another address than it listens on.',
    defaultValue: [],
  }),
  serverConnectionLimit: integer('server.connection.limit', {
    description: 'Open connections to all listeners of the API; 0 or less: `sluice.http.connections.max`.',
    defaultValue: 0,
    min: -INT_MAX,
    max: INT_MAX,
  }),
};

const http: Settings['http'] = {
  bodyMaxBytes: integer('sluice.http.body.max.bytes', {
    description: 'Size of a request body, beyond which the answer is 413.',
    defaultValue: 64 * MIB,
    min: 1024,
    max: BYTES_MAX,
  }),
  bodyTotalMaxBytes: integer('sluice.http.body.total.max.bytes', {
    description: 'Size of all bodies being read or answered, beyond which the answer is 503.',
    defaultValue: 256 * MIB,
    min: 1024,
    max: 1_000_000_000_000,
  }),
  bodyTimeoutMs: milliseconds('sluice.http.body.timeout.ms', {
    description: 'From the first byte of a request to its last, beyond which the answer is 408.',
    defaultValue: 30_000,
  }),
  headerMaxBytes: integer('max.request.header.size', {
    description: 'Size of the request line and the headers, beyond which the answer is 431.',
    defaultValue: 8192,
    min: 256,
    max: MIB,
  }),
  headersMax: integer('sluice.http.headers.max', {
    description: 'Number of header lines, beyond which the answer is 431.',
    defaultValue: 200,
    min: 10,
    max: 10_000,
  }),
  idleTimeoutMs: milliseconds('idle.timeout.ms', {
    description: 'How long a connection without a request stays open.',
    defaultValue: 30_000,
  }),
  connectionsMax: integer('sluice.http.connections.max', {
    description: 'Open connections to the API; more are closed at once.',
    defaultValue: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  listenerConnectionsMax: integer('connector.connection.limit', {
    description: 'Open connections to one listener of the API; 0 or less: as many as to all.',
    defaultValue: 0,
    min: -INT_MAX,
    max: INT_MAX,
  }),
  jsonDepthMax: integer('sluice.json.depth.max', {
    description: 'Nesting of a JSON body, beyond which the answer is 400.',
    defaultValue: 1000,
    min: 10,
    max: 100_000,
  }),
  partitionsMax: integer('sluice.request.partitions.max', {
    description: 'Topics or partitions in one list of a request, beyond which the answer is 413.',
    defaultValue: 5000,
    min: 1,
    max: 100_000,
  }),
};

const consumer: Settings['consumer'] = {
  requestTimeoutMs: milliseconds('consumer.request.timeout.ms', {
    description: 'How long a read without `timeout` waits for records.',
    defaultValue: 1000,
    min: 0,
  }),
  maxTimeoutMs: milliseconds('sluice.consumer.max.timeout.ms', {
    description: 'The longest wait of a read that a client may ask for, in it or when it makes its instance.',
    defaultValue: 30_000,
  }),
  requestMaxBytes: integer('consumer.request.max.bytes', {
    description: 'Size of keys and values in one answer.',
    defaultValue: 64 * MIB,
    min: 1,
    max: BYTES_MAX,
  }),
  instanceTimeoutMs: milliseconds('consumer.instance.timeout.ms', {
    description: 'An instance that no request has used for so long is closed.',
    defaultValue: 300_000,
  }),
  fetchMinBytes: integer('fetch.min.bytes', {
    description: 'Size of records for which a read waits, within its timeout; -1: none.',
    defaultValue: -1,
    min: -1,
    max: 10_000_000,
  }),
  instancesMax: integer('sluice.consumer.instances.max', {
    description: 'Consumer instances in this process, beyond which a create is answered with 429.',
    defaultValue: 1000,
    min: 1,
    max: 100_000,
  }),
  readsMax: integer('sluice.consumer.reads.max', {
    description: 'Reads that wait or run in this process, beyond which the answer is 429.',
    defaultValue: 1000,
    min: 1,
    max: 100_000,
  }),
  firstReadTimeoutMs: milliseconds('sluice.consumer.first.read.timeout.ms', {
    description: 'How long the first read of a subscription without `timeout` waits for its partitions.',
    defaultValue: 10_000,
  }),
  readTargetBytes: integer('sluice.consumer.read.target.bytes', {
    description: 'A read without `max_bytes` is answered once it holds this much, though more is there.',
    defaultValue: MIB,
    min: 1024,
    max: BYTES_MAX,
  }),
  readAheadBytes: integer('sluice.consumer.read.ahead.bytes', {
    description: 'Size of the records that the client of an instance fetches ahead of its reads.',
    defaultValue: 2 * MIB,
    min: 1024,
    max: BYTES_MAX,
  }),
  parkAfterMs: milliseconds('sluice.consumer.park.after.ms', {
    description: 'An instance that nobody reads for so long fetches nothing ahead until the next read.',
    defaultValue: 5000,
  }),
  replayMaxBytes: integer('sluice.consumer.replay.max.bytes', {
    description: 'Size of the delivered batches kept for a repeated read, all instances together.',
    defaultValue: 64 * MIB,
    min: 0,
    max: 1_000_000_000_000,
  }),
  partitionReadsMax: integer('simpleconsumer.pool.size.max', {
    description: 'Kafka clients for reads of partitions without a group: so many such reads run at once.',
    defaultValue: 25,
    min: 1,
    max: 1000,
  }),
  partitionReadsWaitMs: milliseconds('simpleconsumer.pool.timeout.ms', {
    description: 'How long such a read waits for one of them; then the answer is 500/50003, of v1 500/50301.',
    defaultValue: 1000,
  }),
  autoCommitIntervalMs: milliseconds('consumer.auto.commit.interval.ms', {
    description: 'How often an instance with `auto.commit.enable` commits.',
    defaultValue: 5000,
    fallbackKeys: ['client.auto.commit.interval.ms'],
  }),
  autoCommit: flag('consumer.enable.auto.commit', {
    description: 'Whether an instance commits by itself when its create request does not say so; one of v1 does not.',
    defaultValue: true,
    fallbackKeys: ['client.enable.auto.commit'],
  }),
  autoOffsetReset: choice('consumer.auto.offset.reset', {
    description: 'Where an instance begins without a committed offset when its create request does not say so.',
    values: ['latest', 'earliest', 'none'],
    defaultValue: 'latest',
    fallbackKeys: ['client.auto.offset.reset'],
  }),
};

const produce: Settings['produce'] = {
  metadataTimeoutMs: milliseconds('sluice.produce.metadata.timeout.ms', {
    description:
      'How long a record waits for a topic or partition that is not known; unset: what `producer.max.block.ms` says.',
    defaultValue: 2000,
    fallbackKeys: ['producer.max.block.ms', 'client.max.block.ms', 'producer.topic.metadata.propagation.max.ms'],
  }),
  deliveryTimeoutMs: milliseconds('sluice.produce.timeout.ms', {
    description: 'By then a record is delivered or failed; unset: what `producer.delivery.timeout.ms` says.',
    defaultValue: 20_000,
    fallbackKeys: ['producer.delivery.timeout.ms', 'client.delivery.timeout.ms', 'producer.message.timeout.ms'],
  }),
  recordsMax: integer('sluice.produce.records.max', {
    description: 'Records in one request, beyond which the answer is 413.',
    defaultValue: 100_000,
    min: 1,
    max: 10_000_000,
  }),
  queueMaxBytes: integer('sluice.produce.queue.max.bytes', {
    description: 'Size of the records on their way to Kafka, beyond which the answer is 503.',
    defaultValue: 64 * MIB,
    min: 1024,
    max: BYTES_MAX,
  }),
  queueMaxRecords: integer('sluice.produce.queue.max.records', {
    description: 'Number of records on their way to Kafka, beyond which the answer is 503.',
    defaultValue: 100_000,
    min: 1,
    max: 10_000_000,
  }),
};

const kafka: Settings['kafka'] = {
  connectTimeoutMs: milliseconds('sluice.kafka.connect.timeout.ms', {
    description: 'How long connecting a Kafka client may take.',
    defaultValue: 5000,
  }),
  adminTimeoutMs: milliseconds('sluice.kafka.admin.timeout.ms', {
    description: 'How long a call for metadata, offsets or commits may take.',
    defaultValue: 10_000,
  }),
  oauthbearerToken: text('sluice.kafka.oauthbearer.token', {
    description: 'A ready token for SASL OAUTHBEARER, in place of a token end point.',
    secret: true,
  }),
};

const management: Settings['management'] = {
  listener: listener('sluice.management.listener', {
    description: 'Where /metrics, /livez, /readyz and /startupz are served; empty: nowhere.',
    defaultValue: { scheme: 'http', host: '127.0.0.1', port: 9082 },
  }),
  token: text('sluice.management.token', {
    description: 'Bearer token for management requests that change something.',
    secret: true,
  }),
};

const log: Settings['log'] = {
  level: choice('sluice.log.level', {
    description: 'The least important log entries that are written.',
    defaultValue: 'info',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
  }),
  file: text('sluice.log.file', {
    description: 'File that the log is written to; empty: standard output, or with -daemon LOG_DIR/kafka-rest.log.',
  }),
  fileMaxBytes: integer('sluice.log.file.max.bytes', {
    description: 'Size of that file, at which it becomes FILE.1 (and FILE.1 becomes FILE.2) and a new one is begun.',
    defaultValue: 100 * MIB,
    min: 1024,
    max: 1_000_000_000_000,
  }),
  filesMax: integer('sluice.log.files.max', {
    description: 'Number of those files, beyond which the oldest is removed.',
    defaultValue: 10,
    min: 1,
    max: 1000,
  }),
};

export const settings: Settings = {
  top,
  raw,
  listenerTls,
  front,
  dialect,
  rateLimit,
  dosFilter,
  http,
  consumer,
  produce,
  kafka,
  registry,
  management,
  cluster,
  log,
};

/** Every setting, in the order of the table. */
export function listSettings(): readonly Setting<unknown>[] {
  return Object.values(settings).flatMap((group: object) => Object.values(group) as Setting<unknown>[]);
}
