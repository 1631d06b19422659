/** A host and port to listen on; port 0 means any free one. */
export interface ListenAddress {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** TLS on one listener, beside its certificates. */
export interface ListenerTls {
  /** `ssl.client.authentication`, `ssl.client.auth` (none): clients may show a certificate, or must. */
  readonly clientAuthentication: 'none' | 'requested' | 'required';
  /** `ssl.enabled.protocols`. */
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
  /** `ssl.cipher.suites` in OpenSSL's words; empty: Node's own choice. */
  readonly ciphers: string;
  /** `ssl.keystore.*`, `ssl.key.password`, `ssl.truststore.*`: those of all listeners, then this one's, with their prefixes. */
  readonly stores: readonly (readonly [prefix: string, keys: ClientKeys])[];
}

/** Where clients reach the API. */
export interface ApiListener extends ListenAddress {
  /** Its name in `listeners`, in lower case. */
  readonly name: string;
  /** Undefined for one of http. */
  readonly tls?: ListenerTls;
}

/** Keys for one kind of Kafka client, as the user wrote them (Java names, prefix stripped). */
export type ClientKeys = Readonly<Record<string, string>>;

/**
 * The effective configuration: read once at start, checked as a whole, frozen. Durations are in ms, sizes in
 * bytes. Which property key feeds which field stands in settings.ts.
 */
export interface Config {
  /** `id`: part of generated instance names. Empty when not set. */
  readonly id: string;
  readonly bootstrapServers: string;
  readonly listeners: readonly ApiListener[];
  /** `advertised.listeners`: base URLs for links, without a trailing slash. */
  readonly advertisedListeners: readonly string[];
  readonly hostName: string;
  readonly port: number;
  readonly debug: boolean;
  /** `response.mediatype.preferred` and `.default`: only for 415 answers (contract A.3 item 10). */
  readonly mediaTypePreferred: readonly string[];
  readonly mediaTypeDefault: string;
  readonly compressionEnabled: boolean;
  /** `client.*`, `producer.*`, `consumer.*`, `admin.*`, each with its prefix stripped. */
  readonly clientKeys: {
    readonly client: ClientKeys;
    readonly producer: ClientKeys;
    readonly consumer: ClientKeys;
    readonly admin: ClientKeys;
  };
  readonly front: FrontConfig;
  readonly dialect: DialectConfig;
  readonly rateLimit: RateLimitConfig;
  readonly dosFilter: DosFilterConfig;
  readonly http: HttpLimits;
  readonly consumer: ConsumerLimits;
  readonly produce: ProduceLimits;
  readonly kafka: KafkaLimits;
  readonly registry: RegistryConfig;
  /** `schema.registry.ssl.*`, `schema.registry.` stripped. */
  readonly registryKeys: ClientKeys;
  readonly management: ManagementConfig;
  readonly cluster: ClusterConfig;
  readonly log: LogConfig;
  /** `shutdown.graceful.ms`: from SIGTERM to a forced end. */
  readonly shutdownGracefulMs: number;
  /** `sluice.shutdown.unready.ms` (0): from SIGTERM to the beginning of that, served as before but unready. */
  readonly shutdownUnreadyMs: number;
}

/** What is done with requests before they are served, wherever clients reach the API. */
export interface FrontConfig {
  /** `request.logger.name`: empty for no access log. */
  readonly requestLoggerName: string;
  /** `access.control.allow.origin`: empty for no CORS. */
  readonly allowOrigins: readonly string[];
  /** `access.control.allow.methods` (GET, POST, HEAD). */
  readonly allowMethods: readonly string[];
  /** `access.control.allow.headers` (X-Requested-With, Content-Type, Accept, Origin). */
  readonly allowHeaders: readonly string[];
  /** `access.control.expose.headers`. */
  readonly exposeHeaders: readonly string[];
  /** `reject.options.request` (false) → 403. */
  readonly rejectOptions: boolean;
  /** `nosniff.prevention.enable` (false). */
  readonly nosniff: boolean;
  /** `hsts.header.enable` (false): on connections with TLS. */
  readonly hsts: boolean;
  /** `response.http.headers.config`. */
  readonly responseHeaders: readonly HeaderRule[];
  /** `api.v1.enable` (true). */
  readonly v1Enabled: boolean;
  /** `api.v2.enable` (true). */
  readonly v2Enabled: boolean;
  /** `sluice.api.default.version` (2): whose a request is that both versions could serve. */
  readonly defaultVersion: '1' | '2';
  /** `api.endpoints.allowlist`: empty for all. */
  readonly endpointAllowlist: readonly string[];
  /** `api.endpoints.blocklist`. */
  readonly endpointBlocklist: readonly string[];
}

/** What clients of other proxies than Confluent's are given. */
export interface DialectConfig {
  /** `sluice.dialect` (confluent). */
  readonly name: 'confluent' | 'strimzi' | 'karapace';
  /** `sluice.media.types.lenient` (false). */
  readonly lenientTypes: boolean;
  /** `sluice.records.headers` (false), `sluice.records.timestamps` (false): fields of v2's records. */
  readonly headers: boolean;
  readonly timestamps: boolean;
  /** `sluice.records.headers.max` (100), `sluice.records.headers.max.bytes` (65536): of one record → 413. */
  readonly headersMax: number;
  readonly headersMaxBytes: number;
  /** `sluice.records.headers.total.max` (500000): of all records of a request → 413. */
  readonly headersTotalMax: number;
}

/** A header that answers get. */
export interface HeaderRule {
  /** `set`: in place of what the answer has of that name. `Date`: the value is so many ms from now, as a date. */
  readonly action: 'set' | 'add' | 'setDate' | 'addDate';
  readonly name: string;
  readonly value: string;
}

export interface RateLimitConfig {
  /** `rate.limit.enable` (false). */
  readonly enabled: boolean;
  /** `rate.limit.permits.per.sec` (50): of this process → 429. */
  readonly permitsPerSec: number;
  /** `rate.limit.timeout.ms` (0): how long a request waits for its permits. */
  readonly timeoutMs: number;
  /** `rate.limit.default.cost` (1): permits that a request takes. */
  readonly defaultCost: number;
  /** `rate.limit.costs`: NAME=PERMITS of endpoints. */
  readonly costs: ReadonlyMap<string, number>;
}

/** Keys under `dos.filter.`. */
export interface DosFilterConfig {
  /** `enabled` (false). */
  readonly enabled: boolean;
  /** `max.requests.per.sec` (25): of all clients together. */
  readonly maxRequestsPerSec: number;
  /** `max.requests.per.connection.per.sec` (25): of one address. */
  readonly maxRequestsPerClientPerSec: number;
  /** `delay.ms` (100): how long a request beyond that waits; 0: not at all; less: it is refused → 429. */
  readonly delayMs: number;
  /** `max.wait.ms` (50) and `throttle.ms` (30000), together: how long it waits then for one of `throttledRequests` places → 429. */
  readonly maxWaitMs: number;
  readonly throttleMs: number;
  /** `throttled.requests` (5): how many requests beyond the rates are served at once. */
  readonly throttledRequests: number;
  /** `insert.headers` (true): answers to requests beyond the rates say so in `DoSFilter`. */
  readonly insertHeaders: boolean;
  /** `ip.whitelist`: addresses and networks that are not counted. */
  readonly ipWhitelist: readonly string[];
}

export interface HttpLimits {
  /** `sluice.http.body.max.bytes` (67108864) → 413. */
  readonly bodyMaxBytes: number;
  /** `sluice.http.body.total.max.bytes` (268435456): all bodies being read or answered → 503. */
  readonly bodyTotalMaxBytes: number;
  /** `sluice.http.body.timeout.ms` (30000): from the first byte of a request to its last → 408. */
  readonly bodyTimeoutMs: number;
  /** `max.request.header.size` (8192) → 431. */
  readonly headerMaxBytes: number;
  /** `sluice.http.headers.max` (200): number of header lines → 431. */
  readonly headersMax: number;
  /** `idle.timeout.ms` (30000): keep-alive connections without a request. */
  readonly idleTimeoutMs: number;
  /** `server.connection.limit`; 0 or less: `sluice.http.connections.max` (10000). */
  readonly connectionsMax: number;
  /** `connector.connection.limit` (0): of one listener; 0 or less: as many as of all. */
  readonly listenerConnectionsMax: number;
  /** `sluice.json.depth.max` (1000) → 400. */
  readonly jsonDepthMax: number;
  /** `sluice.request.partitions.max` (5000): topics or partitions in one list → 413. */
  readonly partitionsMax: number;
}

export interface ConsumerLimits {
  /** `simpleconsumer.pool.size.max` (25): reads of partitions at once; `simpleconsumer.pool.timeout.ms` (1000) → 500/50003. */
  readonly partitionReadsMax: number;
  readonly partitionReadsWaitMs: number;
  /** `consumer.request.timeout.ms` (1000): how long a read without `timeout` waits. */
  readonly requestTimeoutMs: number;
  /** `sluice.consumer.max.timeout.ms` (30000): the longest `timeout` that is honoured. */
  readonly maxTimeoutMs: number;
  /** `consumer.request.max.bytes` (67108864). */
  readonly requestMaxBytes: number;
  /** `consumer.instance.timeout.ms` (300000). */
  readonly instanceTimeoutMs: number;
  /** `fetch.min.bytes` (-1 = off). */
  readonly fetchMinBytes: number;
  /** `sluice.consumer.instances.max` (1000) → 429. */
  readonly instancesMax: number;
  /** `sluice.consumer.reads.max` (1000): reads waiting or running in the process → 429. */
  readonly readsMax: number;
  /** `sluice.consumer.first.read.timeout.ms` (10000): longest wait of a first read for its assignment. */
  readonly firstReadTimeoutMs: number;
  /** `sluice.consumer.read.target.bytes` (1048576): a read that nobody gave a size for is answered from here on. */
  readonly readTargetBytes: number;
  /** `sluice.consumer.read.ahead.bytes` (2097152): records that an instance's client fetches ahead of its reads. */
  readonly readAheadBytes: number;
  /** `sluice.consumer.park.after.ms` (5000): an instance that is not read for so long stops fetching ahead. */
  readonly parkAfterMs: number;
  /** `sluice.consumer.replay.max.bytes` (67108864): unconfirmed batches kept for replay, all instances together. */
  readonly replayMaxBytes: number;
  /** `auto.commit.interval.ms` under `consumer.`/`client.` (5000). */
  readonly autoCommitIntervalMs: number;
  /** `consumer.enable.auto.commit` (true): for instances of v2 that do not say. */
  readonly autoCommit: boolean;
  /** `consumer.auto.offset.reset` (latest): for instances that do not say. */
  readonly autoOffsetReset: 'latest' | 'earliest' | 'none';
}

export interface ProduceLimits {
  /** `sluice.produce.metadata.timeout.ms` (2000). */
  readonly metadataTimeoutMs: number;
  /** `sluice.produce.timeout.ms` (20000): a record is delivered or failed by then. */
  readonly deliveryTimeoutMs: number;
  /** `sluice.produce.records.max` (100000) → 413. */
  readonly recordsMax: number;
  /** `sluice.produce.queue.max.bytes` (67108864) → 503. */
  readonly queueMaxBytes: number;
  /** `sluice.produce.queue.max.records` (100000) → 503. */
  readonly queueMaxRecords: number;
}

export interface KafkaLimits {
  /** `sluice.kafka.connect.timeout.ms` (5000). */
  readonly connectTimeoutMs: number;
  /** `sluice.kafka.admin.timeout.ms` (10000): metadata, offsets, commits. */
  readonly adminTimeoutMs: number;
  /** `sluice.kafka.oauthbearer.token`: a ready token for SASL OAUTHBEARER. Empty when not set. */
  readonly oauthbearerToken: string;
}

export interface RegistryConfig {
  /** `schema.registry.url` (`http://localhost:8081`): empty for none. */
  readonly urls: readonly string[];
  /** `schema.registry.basic.auth.credentials.source` (url). */
  readonly credentialsSource: 'url' | 'user_info' | 'sasl_inherit';
  /** `schema.registry.basic.auth.user.info`: USER:PASSWORD. */
  readonly userInfo: string;
  /** `schema.registry.sasl.jaas.config`: for `sasl_inherit`; empty: the Kafka client's. */
  readonly jaasConfig: string;
  /** `schema.registry.bearer.auth.credentials.source`: empty for no token. */
  readonly bearerSource: '' | 'static_token' | 'oauthbearer';
  /** `schema.registry.bearer.auth.token`. */
  readonly bearerToken: string;
  /** `schema.registry.bearer.auth.issuer.endpoint.url`, and the next three as well: for `oauthbearer`. */
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string;
  /** `schema.registry.key.subject.name.strategy` (TopicNameStrategy), `schema.registry.value.subject.name.strategy`. */
  readonly keySubjectStrategy: string;
  readonly valueSubjectStrategy: string;
  /** `schema.registry.normalize.schemas` (false). */
  readonly normalize: boolean;
  /** `schema.registry.auto.register.schemas` (true). */
  readonly autoRegister: boolean;
  /** `schema.registry.use.latest.version` (false). */
  readonly useLatestVersion: boolean;
  /** `schema.registry.http.connect.timeout.ms` (2000). */
  readonly connectTimeoutMs: number;
  /** `schema.registry.http.read.timeout.ms` (5000): one exchange. */
  readonly requestTimeoutMs: number;
  /** `schema.registry.max.retries` (3): rounds over all addresses. */
  readonly retriesMax: number;
  /** `schema.registry.retries.wait.ms` (200), `schema.registry.retries.max.wait.ms` (2000). */
  readonly retryWaitMs: number;
  readonly retryMaxWaitMs: number;
  /** `sluice.schema.registry.timeout.ms` (10000): a question with all its repetitions → 42207, 40801. */
  readonly callTimeoutMs: number;
  /** `sluice.schema.registry.calls.max` (256). */
  readonly callsMax: number;
  /** `sluice.schema.max.bytes` (1048576) → 42205, 40801. */
  readonly schemaMaxBytes: number;
  /** `sluice.schema.cache.max` (1000), `sluice.schema.cache.max.bytes` (268435456): schemas kept ready. */
  readonly cacheMax: number;
  readonly cacheMaxBytes: number;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface LogConfig {
  /** `sluice.log.level` (info). */
  readonly level: LogLevel;
  /** `sluice.log.file`: empty for standard output. */
  readonly file: string;
  /** `sluice.log.file.max.bytes` (104857600): then the next file is begun. */
  readonly fileMaxBytes: number;
  /** `sluice.log.files.max` (10): the oldest is removed. */
  readonly filesMax: number;
}

export interface ManagementConfig {
  /** `sluice.management.listener` (`http://127.0.0.1:9082`); null when set empty. */
  readonly listener: ListenAddress | null;
  /** `sluice.management.token`: empty when not set. */
  readonly token: string;
}

/** `node`: edge and worker in one process. `edge` knows no Kafka; `worker` is reached through edges only. */
export type Role = 'node' | 'edge' | 'worker';

export interface ClusterConfig {
  /** `sluice.role` (node). */
  readonly role: Role;
  /** `sluice.redis.url`: empty for a proxy that stands alone. */
  readonly redisUrl: string;
  /** `sluice.redis.tls.ca.file`: certificates that Redis' is checked against; empty: those that Node knows. */
  readonly redisCaFile: string;
  /** `sluice.cluster.id` (default): part of all keys in Redis and of the names of group members. */
  readonly id: string;
  /** `sluice.cluster.secret`: what nodes know each other by; empty: by certificates alone. */
  readonly secret: string;
  /** `sluice.internal.tls.certificate.file`: PEM; empty, as the next three, where nodes talk in clear. */
  readonly tlsCertificateFile: string;
  /** `sluice.internal.tls.key.file`. */
  readonly tlsKeyFile: string;
  /** `sluice.internal.tls.key.password`: empty for a key that has none. */
  readonly tlsKeyPassword: string;
  /** `sluice.internal.tls.ca.file`. */
  readonly tlsCaFile: string;
  /** `sluice.internal.listener`: where the other nodes reach this one; null: the first listener's host, any port. */
  readonly internalListener: ListenAddress | null;
  /** `sluice.internal.advertised.host`: under which host they do; empty: the internal listener's. */
  readonly internalHost: string;
  /** `sluice.internal.advertised.port`: and at which port, behind a relay; 0: the listener's own. */
  readonly internalPort: number;
  /** `sluice.lease.ms` (10000): without a sign of life for so long a node is taken for dead. */
  readonly leaseMs: number;
  /** `sluice.cluster.show.node` (false): answers about instances name the node that gave them. */
  readonly showNode: boolean;
  /** `sluice.handover.timeout.ms` (20000): the longest that a node which ends gives its instances to others. */
  readonly handOverTimeoutMs: number;
  /** `sluice.edge.held.max` (1000): requests that wait while their instance moves → 503. */
  readonly heldMax: number;
  /** `sluice.edge.buffer.max.bytes` (262144): bodies up to here can be sent again to another node. */
  readonly bufferMaxBytes: number;
  /** `sluice.edge.owners.max` (100000): instances whose owners are remembered. */
  readonly ownersMax: number;
}
