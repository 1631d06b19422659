import { type Config, ConfigError, type ConfigInput, listSettings, loadConfig } from '@sluice/runtime';
import { describe, expect, it } from 'vitest';
import { keysFromEnvironment } from '../src/environment.ts';
import { unusedKeys } from '../src/unused-keys.ts';

const broker: readonly [string, string] = ['bootstrap.servers', 'localhost:9092'];

function load(entries: Record<string, string>, more: Omit<ConfigInput, 'properties'> = {}) {
  return loadConfig({ properties: new Map([broker, ...Object.entries(entries)]), ...more });
}

function configOf(entries: Record<string, string>): Config {
  return load(entries).config;
}

function problemsOf(entries: Record<string, string>): readonly string[] {
  try {
    load(entries);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('environment', () => {
  it.each([
    ['KAFKA_REST_BOOTSTRAP_SERVERS', 'bootstrap.servers'],
    ['KAFKA_REST_CLIENT_SASL_MECHANISM', 'client.sasl.mechanism'],
    ['KAFKA_REST_A__B', 'a_b'],
    ['KAFKA_REST_A___B', 'a-b'],
    ['KAFKA_REST_SLUICE_LOG_LEVEL', 'sluice.log.level'],
  ])('%s is the key %s', (name, key) => {
    expect([...keysFromEnvironment({ [name]: 'v', PATH: '/bin' })]).toEqual([[key, 'v']]);
  });

  it("leaves the variables of Confluent's start script and image alone", () => {
    const names = ['KAFKA_REST_HEAP_OPTS', 'KAFKA_REST_LOG4J_LOGGERS', 'KAFKA_REST_JMX_OPTS', 'KAFKA_REST_CUB_X'];
    expect(keysFromEnvironment(Object.fromEntries(names.map((name) => [name, 'x']))).size).toBe(0);
  });

  it('leaves alone what Kubernetes says about a service called kafka-rest', () => {
    const environment = {
      KAFKA_REST_SERVICE_HOST: '10.0.0.1',
      KAFKA_REST_SERVICE_PORT: '8082',
      KAFKA_REST_SERVICE_PORT_HTTP: '8082',
      KAFKA_REST_PORT: 'tcp://10.0.0.1:8082',
      KAFKA_REST_PORT_8082_TCP: 'tcp://10.0.0.1:8082',
      KAFKA_REST_PORT_8082_TCP_ADDR: '10.0.0.1',
    };
    expect([...keysFromEnvironment(environment)]).toEqual([]);
    expect([...keysFromEnvironment({ KAFKA_REST_PORT: '8083' })]).toEqual([['port', '8083']]);
  });
});

describe('sources', () => {
  it('let the command line win over the environment, and the environment over the file', () => {
    const { config, effective } = load(
      { id: 'file', 'host.name': 'file', 'sluice.log.level': 'warn' },
      {
        environment: { KAFKA_REST_ID: 'environment', KAFKA_REST_HOST_NAME: 'environment' },
        overrides: new Map([['id', 'command line']]),
      },
    );
    expect([config.id, config.hostName, config.log.level]).toEqual(['command line', 'environment', 'warn']);
    const sources = new Map(effective.map(({ key, source }) => [key, source]));
    expect([sources.get('id'), sources.get('host.name'), sources.get('sluice.log.level'), sources.get('port')]).toEqual(
      ['command line', 'environment', 'file', 'default'],
    );
  });
});

describe('defaults', () => {
  it('are what the documentation of each field says', () => {
    const config = configOf({});
    expect(config.listeners).toEqual([{ name: 'http', scheme: 'http', host: '0.0.0.0', port: 8082 }]);
    expect(config.management.listener).toEqual({ scheme: 'http', host: '127.0.0.1', port: 9082 });
    expect(config.consumer).toMatchObject({
      requestTimeoutMs: 1000,
      maxTimeoutMs: 30_000,
      instanceTimeoutMs: 300_000,
      requestMaxBytes: 67_108_864,
      instancesMax: 1000,
      fetchMinBytes: -1,
    });
    expect(config.produce).toMatchObject({ metadataTimeoutMs: 2000, deliveryTimeoutMs: 20_000 });
    expect(config.http).toMatchObject({ bodyMaxBytes: 67_108_864, headerMaxBytes: 8192, connectionsMax: 10_000 });
  });

  it('can be written into the file as they are listed', () => {
    const entries = Object.fromEntries(listSettings().map(({ key, defaultText }) => [key, defaultText]));
    expect(loadConfig({ properties: new Map([...Object.entries(entries), broker]) }).config).toEqual(configOf({}));
  });

  it('are frozen all the way down', () => {
    const config = configOf({ 'client.a': 'b' });
    expect(
      [config, config.http, config.listeners, config.listeners[0], config.clientKeys.client].every(Object.isFrozen),
    ).toBe(true);
  });
});

describe('values', () => {
  it.each<[Record<string, string>, Partial<Config>]>([
    [{ port: '0' }, { listeners: [{ name: 'http', scheme: 'http', host: '0.0.0.0', port: 0 }] }],
    [
      { listeners: 'http://:8090, http://[::1]:8091' },
      {
        listeners: [
          { name: 'http', scheme: 'http', host: '0.0.0.0', port: 8090 },
          { name: 'http', scheme: 'http', host: '::1', port: 8091 },
        ],
      },
    ],
    [
      { listeners: 'INTERNAL://a:1', 'listener.protocol.map': 'internal:HTTP' },
      { listeners: [{ name: 'internal', scheme: 'http', host: 'a', port: 1 }] },
    ],
    [
      { 'advertised.listeners': 'https://kafka.example.org/rest/,http://10.0.0.1:8082' },
      {
        advertisedListeners: ['https://kafka.example.org/rest', 'http://10.0.0.1:8082'],
      },
    ],
    [{ 'bootstrap.servers': 'PLAINTEXT://a:9092, SASL_SSL://[::1]:9093' }, { bootstrapServers: 'a:9092,[::1]:9093' }],
    [{ 'compression.enable': ' FALSE ' }, { compressionEnabled: false }],
    [{ 'sluice.management.listener': '' }, { management: { listener: null, token: '' } }],
    [{ debug: 'true' }, { log: expect.objectContaining({ level: 'debug' }) }],
  ])('%j', (entries, expected) => {
    expect(configOf(entries)).toMatchObject(expected);
  });

  it('keep server.connection.limit before our own limit when it is above zero', () => {
    expect(configOf({ 'server.connection.limit': '5' }).http.connectionsMax).toBe(5);
    expect(configOf({ 'server.connection.limit': '-1', 'sluice.http.connections.max': '7' }).http.connectionsMax).toBe(
      7,
    );
  });

  it('take the auto-commit interval from consumer. before client.', () => {
    const both = { 'client.auto.commit.interval.ms': '1', 'consumer.auto.commit.interval.ms': '2' };
    expect(configOf(both).consumer.autoCommitIntervalMs).toBe(2);
    expect(configOf({ 'client.auto.commit.interval.ms': '1' }).consumer.autoCommitIntervalMs).toBe(1);
  });

  it("give Kafka's clients their keys, and not those of the server that merely begin like one", () => {
    const { clientKeys } = configOf({
      'client.security.protocol': 'SSL',
      'producer.acks': '1',
      'producer.threads': '5',
      'consumer.fetch.max.bytes': '9',
      'consumer.instance.timeout.ms': '9',
      'admin.client.id': 'x',
    });
    expect(clientKeys).toEqual({
      client: { 'security.protocol': 'SSL' },
      producer: { acks: '1' },
      consumer: { 'fetch.max.bytes': '9' },
      admin: { 'client.id': 'x' },
    });
  });
});

describe('a bad configuration', () => {
  it('is refused with all problems at once, each naming key, value and what is allowed', () => {
    expect(
      problemsOf({
        'bootstrap.servers': 'localhost',
        port: 'eighty',
        'shutdown.graceful.ms': '0',
        listeners: 'https://0.0.0.0:1,x://h:2,nonsense',
        'ssl.client.authentication': 'REQUESTED',
        'ssl.enabled.protocols': 'TLSv1.1,SSLv3',
        'ssl.cipher.suites': 'TLS_FAST',
        'sluice.log.level': 'loud',
        'compression.enable': 'yes',
        'sluice.http.body.timeout.ms': '2147483648',
        'advertised.listeners': 'ftp://x',
      }).toSorted(),
    ).toEqual(
      [
        "bootstrap.servers: 'localhost' is not allowed; allowed is HOST:PORT, comma-separated",
        "port: 'eighty' is not allowed; allowed is a whole number from 0 to 65535",
        "shutdown.graceful.ms: '0' is not allowed; allowed is a whole number from 1 to 2147483647",
        'ssl.keystore.location: nothing is set, and the listener https is one of https',
        'ssl.truststore.location: nothing is set, and clients of the listener https show certificates, and nobody says whose are believed',
        "ssl.enabled.protocols: 'TLSv1.1,SSLv3' are not spoken any more; allowed are TLSv1.2, TLSv1.3",
        "ssl.cipher.suites: 'TLS_FAST' is no cipher suite of this OpenSSL; allowed are IANA's names and OpenSSL's",
        "listeners: 'x://h:2' has the name x, which listener.protocol.map does not map to http or https",
        "listeners: 'nonsense' is not allowed; allowed is http(s)://HOST:PORT, comma-separated",
        "sluice.log.level: 'loud' is not allowed; allowed is one of trace, debug, info, warn, error, fatal, silent",
        "compression.enable: 'yes' is not allowed; allowed is true or false",
        "sluice.http.body.timeout.ms: '2147483648' is not allowed; allowed is a whole number from 1 to 2147483647",
        "advertised.listeners: 'ftp://x' is not allowed; allowed is http(s)://HOST:PORT, comma-separated",
      ].toSorted(),
    );
  });

  it.each(['1.5', '1e3', '0x10', '', 'NaN', '99999999999999999999'])('is a number written as %j', (value) => {
    expect(problemsOf({ 'consumer.request.timeout.ms': value })).toHaveLength(1);
  });

  it('is refused together with what another package says about it', () => {
    const check = () => ({ problems: ['client.x: bad'], warnings: ['client.y has no effect'] });
    expect(() => load({ port: 'x' }, { check })).toThrow(
      expect.objectContaining({
        problems: [expect.stringContaining('port:'), 'client.x: bad'],
        warnings: ['client.y has no effect'],
      }),
    );
  });

  it('names the misspelt key beside the one that is missing', () => {
    expect(() => loadConfig({ properties: new Map([['bootstrap.server', 'b:1']]) })).toThrow(
      expect.objectContaining({
        problems: ['bootstrap.servers: nothing is set; allowed is HOST:PORT, comma-separated'],
        warnings: ['unknown keys have no effect: bootstrap.server'],
      }),
    );
  });

  it('has no brokers', () => {
    expect(() => loadConfig({})).toThrow('bootstrap.servers: nothing is set');
  });

  it.each(unusedKeys.filter(({ harmless }) => harmless !== undefined))(
    'asks for a protection that is not there: $key',
    ({ key, harmless }) => {
      expect(problemsOf({ [key]: 'anything' })).toEqual([expect.stringContaining(`${key}: 'anything' asks for`)]);
      for (const value of harmless ?? []) expect(problemsOf({ [key]: value })).toEqual([]);
    },
  );
});

describe('listeners of https', () => {
  const stores = { 'ssl.keystore.location': '/k', 'ssl.truststore.location': '/t' };

  it('have the keys of all listeners, and those that are set for them alone', () => {
    const { listeners } = configOf({
      ...stores,
      listeners: 'https://:1,INNER://:2,http://:3',
      'listener.protocol.map': 'inner:https',
      'listener.name.inner.ssl.keystore.location': '/inner',
      'listener.name.inner.ssl.client.authentication': 'REQUIRED',
      'listener.name.inner.ssl.enabled.protocols': 'TLSv1.3',
      'ssl.cipher.suites': 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256',
    });
    const ciphers = 'ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256';
    expect(listeners).toEqual([
      {
        name: 'https',
        scheme: 'https',
        host: '0.0.0.0',
        port: 1,
        tls: {
          clientAuthentication: 'none',
          minVersion: 'TLSv1.2',
          maxVersion: 'TLSv1.3',
          ciphers,
          stores: [
            ['', stores],
            ['listener.name.https', {}],
          ],
        },
      },
      {
        name: 'inner',
        scheme: 'https',
        host: '0.0.0.0',
        port: 2,
        tls: {
          clientAuthentication: 'required',
          minVersion: 'TLSv1.3',
          maxVersion: 'TLSv1.3',
          ciphers,
          stores: [
            ['', stores],
            ['listener.name.inner', { 'ssl.keystore.location': '/inner' }],
          ],
        },
      },
      { name: 'http', scheme: 'http', host: '0.0.0.0', port: 3 },
    ]);
  });

  it('have the deprecated key for client certificates, too, which must not contradict the other', () => {
    const https = { ...stores, listeners: 'https://:1', 'ssl.client.auth': 'true' };
    expect(configOf(https).listeners[0]?.tls?.clientAuthentication).toBe('required');
    expect(problemsOf({ ...https, 'ssl.client.authentication': 'NONE' })).toEqual([
      'ssl.client.authentication: NONE contradicts ssl.client.auth=true',
    ]);
  });

  it.each([
    [{ 'ssl.client.auth': 'true' }, 'ssl.client.auth: asks for certificates of clients'],
    [{ 'ssl.client.authentication': 'REQUESTED' }, 'ssl.client.authentication: asks for certificates of clients'],
    [{ 'listener.name.http.authentication.method': 'BASIC' }, 'listener.name.http.authentication.method: only keys'],
    [{ 'listener.name.http.api.endpoints.blocklist': 'x' }, 'listener.name.http.api.endpoints.blocklist: only keys'],
  ])('are asked for where there are none: %j', (entries: Record<string, string>, problem) => {
    expect(problemsOf(entries)).toEqual([expect.stringContaining(problem)]);
  });

  it('leave no key without effect unnamed', () => {
    const { warnings } = load({ ...stores, 'listener.name.x.ssl.key.password': 'p', 'listener.name.http.port': '1' });
    expect(warnings).toEqual([
      'listener.name.x.ssl.key.password has no effect: there is no listener of https of that name',
      'listener.name.http.port has no effect: only keys of ssl. can be set for one listener',
      'ssl.keystore.location, ssl.truststore.location without effect: no listener is one of https',
    ]);
  });
});

describe('warnings', () => {
  it('take localhost:9092 for the documented default file, which names ZooKeeper only', () => {
    const { config, warnings, effective } = loadConfig({
      properties: new Map([['zookeeper.connect', 'localhost:2181']]),
    });
    expect(config.bootstrapServers).toBe('localhost:9092');
    expect(effective).toContainEqual({ key: 'bootstrap.servers', value: 'localhost:9092', source: 'default' });
    expect(warnings).toEqual([
      'bootstrap.servers is not set and zookeeper.connect is not used: localhost:9092 is taken',
      'zookeeper.connect has no effect: brokers are found through bootstrap.servers',
    ]);
  });

  it('are one for each key without effect, and one for all unknown keys', () => {
    const { warnings } = load({
      'consumer.threads': '50',
      'schema.registry.max.schemas.per.subject': '10',
      'zebra.x': '1',
      'apple.y': '2',
    });
    expect(warnings).toEqual([
      expect.stringMatching(/^consumer\.threads has no effect: /),
      expect.stringMatching(/^schema\.registry\.max\.schemas\.per\.subject has no effect: /),
      'unknown keys have no effect: apple.y, zebra.x',
    ]);
  });

  it("say which prefix is missing where a key of Kafka's clients has none", () => {
    const { warnings } = load({ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' });
    expect(warnings).toEqual([
      "security.protocol has no effect: the keys of Kafka's clients begin with client.",
      "sasl.mechanism has no effect: the keys of Kafka's clients begin with client.",
    ]);
  });

  it('do not name a key that has an effect', () => {
    const known = new Set(listSettings().map(({ key }) => key));
    expect(unusedKeys.filter(({ key }) => known.has(key))).toEqual([]);
  });
});

describe('the effective configuration', () => {
  it('hides secrets, known or not, in whatever source they came', () => {
    const secret = 'hunter2';
    const { effective } = load(
      {
        'client.sasl.jaas.config': `x required username="u" password="${secret}";`,
        'client.ssl.keystore.password': secret,
        'client.ssl.keystore.key': secret,
        'sluice.kafka.oauthbearer.token': secret,
        'schema.registry.url': `http://u:${secret}@a:1,http://u:${secret}@b:2`,
        'schema.registry.basic.auth.user.info': `u:${secret}`,
        'some.unknown.secret': secret,
      },
      { overrides: new Map([['sluice.management.token', secret]]) },
    );
    expect(JSON.stringify(effective)).not.toContain(secret);
    const shown = new Map(effective.map(({ key, value }) => [key, value]));
    expect(shown.get('schema.registry.url')).toBe('http://[hidden]@a:1,http://[hidden]@b:2');
    expect(shown.get('client.sasl.jaas.config')).toBe('[hidden]');
    expect(shown.get('bootstrap.servers')).toBe('localhost:9092');
  });

  it('hides a secret in the message about it', () => {
    expect(JSON.stringify(problemsOf({ 'bootstrap.servers': 'http://u:hunter2@x' }))).not.toContain('hunter2');
  });
});
