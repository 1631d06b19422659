/**
 * Keys that Confluent's proxy knows and that mean nothing here, with the reason. A file that was written for it
 * starts here unchanged, and its owner learns which lines have no effect. Source: contract D.1 to D.3.
 */
export interface UnusedKey {
  /** The key, or a prefix when it ends in `.*`. */
  readonly key: string;
  readonly reason: string;
  /**
   * Values under which the key asks for nothing. Given only for keys that protect something: any other value
   * stops the start, for a server that ignored it would stand open where its owner believes it closed.
   */
  readonly harmless?: readonly string[];
}

const nodeHasNone = 'the server has no thread pool of this kind';
const javaOnly = 'it steers Java classes, which this server does not load';
const noV3 = 'the v3 API is not served';
const javaSerializers = "it steers Java's serializers; this server has its own";
const otherTls = 'TLS is done by OpenSSL, which has no such thing';
const noSni = 'names of hosts in handshakes are not looked at';
const followed = 'renewed files are always taken up, within 30 s';
const ownMetrics = 'metrics are served in Prometheus form on sluice.management.listener';
const noTenants = 'clients are told apart by their addresses';
const noRateLimit = 'bytes are bounded by the sluice.* limits instead';
const noPrefix = "the keys of Kafka's clients begin with client.";
const noAccessLog = 'request.logger.name alone says whether requests are logged';
const declared = 'Confluent declares it without using it';

export const unusedKeys: readonly UnusedKey[] = [
  { key: 'zookeeper.connect', reason: 'brokers are found through bootstrap.servers' },
  { key: 'zookeeper.set.acl', reason: 'ZooKeeper is not used' },
  { key: 'client.zk.session.timeout.ms', reason: 'ZooKeeper is not used' },
  { key: 'schema.registry.*', reason: javaSerializers },
  { key: 'security.protocol', reason: noPrefix },
  { key: 'sasl.*', reason: noPrefix },
  { key: 'consumer.threads', reason: nodeHasNone },
  { key: 'producer.threads', reason: nodeHasNone },
  { key: 'thread.pool.*', reason: nodeHasNone },
  { key: 'request.queue.capacity.*', reason: nodeHasNone },
  { key: 'request.queue.capacity', reason: nodeHasNone },
  { key: 'consumer.iterator.backoff.ms', reason: 'waiting reads are polled at an interval of their own' },
  { key: 'consumer.iterator.timeout.ms', reason: declared },
  { key: 'client.init.timeout.ms', reason: 'sluice.kafka.connect.timeout.ms has its place' },
  { key: 'client.timeout.ms', reason: declared },
  { key: 'request.timeout.ms', reason: 'every operation has a timeout of its own' },
  { key: 'request.timeout.interrupt.enable', reason: 'every operation has a timeout of its own' },
  { key: 'use.custom.request.logging', reason: noAccessLog },
  { key: 'suppress.stack.trace.response', reason: 'answers never hold a stack trace' },
  {
    key: 'null.request.body.always.publishes.empty.record',
    reason: 'a null is always a null in Kafka, with a schema or without',
  },
  { key: 'confluent.resource.name.authority', reason: noV3 },
  { key: 'confluent.*', reason: javaOnly },
  { key: 'metric.reporters', reason: ownMetrics },
  { key: 'metric.reporters.*', reason: ownMetrics },
  { key: 'metrics.*', reason: ownMetrics },
  { key: 'percentile.max.latency.ms', reason: ownMetrics },
  { key: 'disable.response.size.metrics.collection', reason: ownMetrics },
  { key: 'api.v3.*', reason: noV3 },
  { key: 'streaming.connection.*', reason: noV3 },
  { key: 'rate.limit.backend', reason: 'there is one way of counting' },
  { key: 'rate.limit.per.cluster.*', reason: noV3 },
  { key: 'dos.filter.max.requests.ms', reason: 'every operation has a timeout of its own' },
  { key: 'dos.filter.max.idle.tracker.ms', reason: 'so many clients are remembered, and no more' },
  { key: 'dos.filter.managed.attr', reason: javaOnly },
  { key: 'dos.filter.tenant.*', reason: noTenants },
  { key: 'network.traffic.rate.limit.*', reason: noRateLimit },
  { key: 'max.response.header.size', reason: 'answers have a handful of headers' },
  { key: 'return.429.instead.of.500.for.jetty.response.errors', reason: javaOnly },
  { key: 'http2.enabled', reason: 'the API speaks HTTP/1.1' },
  { key: 'jetty.legacy.uri.compliance', reason: javaOnly },
  {
    key: 'network.forwarded.request.customizer.enable',
    reason: 'Forwarded and X-Forwarded-* are always honoured in links',
  },
  { key: 'access.control.skip.options', reason: 'the API does not authenticate its clients' },
  { key: 'csrf.prevention.token.*', reason: 'there are no browser sessions to protect' },
  { key: 'websocket.*', reason: javaOnly },
  { key: 'ssl.keystore.reload', reason: followed },
  { key: 'ssl.keystore.watch.location', reason: followed },
  { key: 'ssl.*', reason: otherTls },
  { key: 'sni.*', reason: noSni },
  { key: 'prefix.sni.*', reason: noSni },
  { key: 'expected.sni.headers', reason: noSni },
  { key: 'authentication.realm', reason: 'authentication.method is NONE' },
  { key: 'authentication.roles', reason: 'authentication.method is NONE' },
  { key: 'authentication.skip.paths', reason: 'authentication.method is NONE' },

  { key: 'dos.filter.tenant.enabled', reason: noTenants, harmless: ['', 'false'] },
  { key: 'network.traffic.rate.limit.enable', reason: noRateLimit, harmless: ['', 'false'] },
  { key: 'authentication.method', reason: 'the API does not authenticate its clients', harmless: ['', 'none'] },
  { key: 'ssl.spire.enabled', reason: otherTls, harmless: ['', 'false'] },
  { key: 'ssl.spire.trust.only.enabled', reason: otherTls, harmless: ['', 'false'] },
  { key: 'sni.check.enabled', reason: noSni, harmless: ['', 'false'] },
  { key: 'prefix.sni.check.enabled', reason: noSni, harmless: ['', 'false'] },
  { key: 'reject.invalid.sni.headers', reason: noSni, harmless: ['', 'false'] },
  { key: 'csrf.prevention.enable', reason: 'there are no browser sessions to protect', harmless: ['', 'false'] },
  { key: 'proxy.protocol.enabled', reason: 'the PROXY protocol is not spoken', harmless: ['', 'false'] },
  { key: 'proxy.protocol.accepted.ip.range', reason: 'the PROXY protocol is not spoken' },
  { key: 'kafka.rest.resource.extension.class', reason: javaOnly, harmless: [''] },
  { key: 'kafka.rest.extension.classes', reason: 'Confluent does not know it either (its sample file has it)' },
  { key: 'resource.extension.classes', reason: javaOnly, harmless: [''] },
  { key: 'rest.servlet.initializor.classes', reason: javaOnly, harmless: [''] },
];

const exact = new Map(unusedKeys.filter(({ key }) => !key.endsWith('.*')).map((entry) => [entry.key, entry]));
const prefixes = unusedKeys.filter(({ key }) => key.endsWith('.*'));

/** The entry for a key: its own, or that of a prefix. */
export function findUnusedKey(key: string): UnusedKey | undefined {
  return exact.get(key) ?? prefixes.find((entry) => key.startsWith(entry.key.slice(0, -1)));
}
