import type { Context } from './configuration-keys.ts';

/**
 * Keys of Java's clients, and of the serializers beside them, under the prefixes that Confluent's proxy hands down
 * (contract D.1, D.2): `client.` is for all clients, the others for one kind. Each key stands under one prefix that it
 * can have; values are as in configuration-keys.ts.
 */

/** The key, a good value, and a bad one unless any text is good. */
export type TranslatedKey = readonly [key: string, good: string, bad?: string | undefined, context?: Context];

const producers = 'org.apache.kafka.clients.producer';
const consumers = 'org.apache.kafka.clients.consumer';
const tls: Context = { 'client.security.protocol': 'SSL' };
const trust: Context = { ...tls, 'client.ssl.truststore.location': '{truststore}' };
const login: Context = { 'client.sasl.username': 'u', 'client.sasl.password': 'p' };
const sasl: Context = { 'client.security.protocol': 'SASL_PLAINTEXT', 'client.sasl.mechanism': 'PLAIN', ...login };
const oauth: Context = {
  'client.security.protocol': 'SASL_PLAINTEXT',
  'client.sasl.mechanism': 'OAUTHBEARER',
  'client.sasl.jaas.config':
    'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId="c" clientSecret="s";',
};
const compressed = (codec: string): Context => ({ 'producer.compression.type': codec });

export const translatedKeys: readonly TranslatedKey[] = [
  ['client.bootstrap.servers', 'other:9092'],
  ['client.client.id', 'rest'],
  ['client.client.rack', 'a'],
  ['client.client.dns.lookup', 'resolve_canonical_bootstrap_servers_only', 'x'],
  ['client.connections.max.idle.ms', '1000', 'x'],
  ['client.metadata.max.age.ms', '1000', 'x'],
  ['client.metadata.recovery.strategy', 'none'],
  ['client.reconnect.backoff.ms', '100', 'x'],
  ['client.reconnect.backoff.max.ms', '1000', 'x'],
  ['client.retry.backoff.ms', '100', 'x'],
  ['client.retry.backoff.max.ms', '1000', 'x'],
  ['client.receive.buffer.bytes', '65536', 'x'],
  ['client.send.buffer.bytes', '65536', 'x'],
  ['client.request.timeout.ms', '10000', 'x'],
  ['client.socket.connection.setup.timeout.ms', '5000', 'x'],
  ['client.enable.metrics.push', 'false', 'x'],

  ['client.security.protocol', 'SSL', 'TLS'],
  ['client.ssl.truststore.location', '{pem}', '/no/such/file', tls],
  ['client.ssl.truststore.password', '{password}', undefined, trust],
  ['client.ssl.truststore.type', 'PKCS12', 'ZIP', { ...trust, 'client.ssl.truststore.password': '{password}' }],
  ['client.ssl.keystore.location', '{pem}', '/no/such/file', tls],
  ['client.ssl.keystore.password', '{password}', undefined, { ...tls, 'client.ssl.keystore.location': '{keystore}' }],
  ['client.ssl.keystore.type', 'PEM', 'ZIP', { ...tls, 'client.ssl.keystore.location': '{pem}' }],
  ['client.ssl.key.password', '{password}', undefined, { ...tls, 'client.ssl.keystore.location': '{pem}' }],
  ['client.ssl.cipher.suites', 'ECDHE-RSA-AES128-GCM-SHA256', undefined, tls],
  ['client.ssl.endpoint.identification.algorithm', '', 'http', tls],
  ['client.sasl.mechanism', 'SCRAM-SHA-512', 'GSSAPI', sasl],
  [
    'client.sasl.jaas.config',
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="other" password="p";',
    undefined,
    sasl,
  ],
  ['client.sasl.oauthbearer.token.endpoint.url', 'http://issuer:1/token', 'issuer', oauth],

  ['producer.acks', '1', '2'],
  ['producer.compression.type', 'lz4', 'zip'],
  ['producer.compression.gzip.level', '3', '10', compressed('gzip')],
  ['producer.compression.lz4.level', '3', '18', compressed('lz4')],
  ['producer.compression.zstd.level', '3', '23', compressed('zstd')],
  ['producer.linger.ms', '10', 'x'],
  ['producer.batch.size', '1000', 'x'],
  ['producer.max.request.size', '2000000', 'x'],
  ['producer.buffer.memory', '1000000', 'x'],
  ['producer.retries', '3', 'x'],
  ['producer.enable.idempotence', 'false', 'x'],
  ['producer.max.in.flight.requests.per.connection', '1', '0'],
  ['producer.delivery.timeout.ms', '10000', 'x'],
  ['producer.max.block.ms', '1000', 'x'],
  ['producer.partitioner.class', `${producers}.RoundRobinPartitioner`, 'com.example.Partitioner'],

  ['consumer.fetch.min.bytes', '1000', 'x'],
  ['consumer.fetch.max.bytes', '1000000', 'x'],
  ['consumer.fetch.max.wait.ms', '100', 'x'],
  ['consumer.max.partition.fetch.bytes', '100000', 'x'],
  ['consumer.session.timeout.ms', '10000', '0'],
  ['consumer.heartbeat.interval.ms', '1000', '0'],
  ['consumer.max.poll.interval.ms', '10000', '0'],
  ['consumer.partition.assignment.strategy', `${consumers}.CooperativeStickyAssignor`, `${consumers}.StickyAssignor`],
  ['consumer.isolation.level', 'read_committed', 'x'],
  ['consumer.check.crcs', 'false', 'x'],

  ['admin.client.id', 'rest-admin'],
  ['admin.request.timeout.ms', '10000', 'x'],
];

/** Those without effect, with a value as it may stand in a file. A `*` stands for any name. */
export const unusedClientKeys: readonly (readonly [key: string, value: string])[] = [
  ['client.ssl.trustmanager.algorithm', 'PKIX'],
  ['client.ssl.keymanager.algorithm', 'SunX509'],
  ['client.ssl.enabled.protocols', 'TLSv1.2,TLSv1.1,TLSv1'],
  ['client.ssl.protocol', 'TLS'],
  ['client.ssl.provider', ''],
  ['client.ssl.secure.random.implementation', 'SHA1PRNG'],
  ['client.ssl.engine.factory.class', 'com.example.Factory'],
  ['client.sasl.kerberos.service.name', ''],
  ['client.sasl.kerberos.kinit.cmd', '/usr/bin/kinit'],
  ['client.sasl.kerberos.min.time.before.relogin', '60000'],
  ['client.sasl.kerberos.ticket.renew.jitter', '0.05'],
  ['client.sasl.kerberos.ticket.renew.window.factor', '0.8'],
  ['client.sasl.login.*', 'x'],
  ['client.sasl.client.callback.handler.class', 'com.example.Handler'],
  ['client.security.providers', 'com.example.Provider'],
  ['client.interceptor.classes', 'com.example.Interceptor'],
  ['client.metric.reporters', 'com.example.Reporter'],
  ['client.auto.include.jmx.reporter', 'true'],
  ['client.metrics.num.samples', '2'],
  ['client.metrics.recording.level', 'INFO'],
  ['client.metrics.sample.window.ms', '30000'],
  ['client.metrics.context.*', 'x'],
  ['client.confluent.*', 'x'],
  ['client.config.providers', 'file'],
  ['client.default.api.timeout.ms', '60000'],
  ['client.metadata.max.idle.ms', '300000'],
  ['client.socket.connection.setup.timeout.max.ms', '30000'],
  ['admin.bootstrap.controllers', 'controller:9093'],
  ['producer.key.serializer', 'com.example.Serializer'],
  ['producer.value.serializer', 'com.example.Serializer'],
  ['producer.interceptor.classes', 'io.confluent.monitoring.clients.interceptor.MonitoringProducerInterceptor'],
  ['producer.transactional.id', 'x'],
  ['producer.transaction.timeout.ms', '60000'],
  ['producer.transaction.two.phase.commit.enable', 'false'],
  ['producer.partitioner.ignore.keys', 'false'],
  ['producer.partitioner.adaptive.partitioning.enable', 'true'],
  ['producer.partitioner.availability.timeout.ms', '0'],
  ['consumer.interceptor.classes', 'io.confluent.monitoring.clients.interceptor.MonitoringConsumerInterceptor'],
  ['consumer.key.deserializer', 'com.example.Deserializer'],
  ['consumer.value.deserializer', 'com.example.Deserializer'],
  ['consumer.group.id', 'g'],
  ['consumer.group.instance.id', 'i'],
  ['consumer.group.protocol', 'classic'],
  ['consumer.group.remote.assignor', 'uniform'],
  ['consumer.share.acknowledgement.mode', 'implicit'],
  ['consumer.max.poll.records', '30'],
  ['consumer.allow.auto.create.topics', 'true'],
  ['consumer.exclude.internal.topics', 'true'],

  ['producer.json.indent.output', 'false'],
  ['producer.json.fail.invalid.schema', 'false'],
  ['producer.json.oneof.for.nullables', 'true'],
  ['producer.json.schema.spec.version', 'draft_7'],
  ['producer.avro.reflection.allow.null', 'false'],
  ['producer.avro.use.logical.type.converters', 'false'],
  ['producer.avro.remove.java.properties', 'false'],
  ['producer.reference.subject.name.strategy', 'com.example.Strategy'],
  ['producer.protobuf.*', 'x'],
  ['producer.schema.reflection', 'false'],
  ['producer.latest.*', 'x'],
  ['producer.rule.*', 'x'],
  ['producer.rules.*', 'x'],
  ['producer.basic.auth.*', 'x'],
  ['producer.bearer.auth.*', 'x'],
  ['producer.max.schemas.per.subject', '1000'],
  ['producer.use.schema.id', '-1'],
  ['producer.use.latest.with.metadata', 'a=b'],
  ['producer.id.compatibility.strict', 'true'],
  ['consumer.specific.avro.reader', 'false'],
];

/** What Confluent declares as the default of a key under `client.`; the clients have their own. */
export const declaredDefaults: Context = {
  'client.security.protocol': 'PLAINTEXT',
  'client.ssl.truststore.location': '',
  'client.ssl.truststore.password': '',
  'client.ssl.truststore.type': 'JKS',
  'client.ssl.keystore.location': '',
  'client.ssl.keystore.password': '',
  'client.ssl.keystore.type': 'JKS',
  'client.ssl.key.password': '',
  'client.ssl.trustmanager.algorithm': 'PKIX',
  'client.ssl.keymanager.algorithm': 'SunX509',
  'client.ssl.enabled.protocols': 'TLSv1.2,TLSv1.1,TLSv1',
  'client.ssl.protocol': 'TLS',
  'client.ssl.provider': '',
  'client.ssl.cipher.suites': '',
  'client.ssl.endpoint.identification.algorithm': '',
  'client.sasl.mechanism': 'GSSAPI',
  'client.sasl.kerberos.service.name': '',
  'client.sasl.kerberos.kinit.cmd': '/usr/bin/kinit',
  'client.sasl.kerberos.min.time.before.relogin': '60000',
  'client.sasl.kerberos.ticket.renew.jitter': '0.05',
  'client.sasl.kerberos.ticket.renew.window.factor': '0.8',
};
