import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import rdkafka from 'node-rdkafka';
import { describe, expect, it } from 'vitest';
import { javaKeys, requestTimeoutKey, unusedJavaKeys, type ValueRule } from '../src/client-keys.ts';
import { type ClientSettings, translateClientSettings } from '../src/client-settings.ts';
import { canonicalNames, librdkafkaNames } from '../src/librdkafka-keys.ts';

type Keys = Record<string, string>;

/** Translates keys as they stand in the file, prefix included. */
function translate(entries: Keys, oauthbearerToken = ''): ClientSettings {
  const under = (prefix: string) =>
    Object.fromEntries(
      Object.entries(entries)
        .filter(([key]) => key.startsWith(`${prefix}.`))
        .map(([key, value]) => [key.slice(prefix.length + 1), value]),
    );
  const keys = {
    client: under('client'),
    producer: under('producer'),
    consumer: under('consumer'),
    admin: under('admin'),
  };
  return translateClientSettings({ bootstrapServers: 'b1:9092,b2:9092', keys, oauthbearerToken, tokenTimeoutMs: 1000 });
}

/** librdkafka checks its settings when a client is made; nothing is connected. */
function expectTaken({ producer, consumer }: ClientSettings): void {
  expect(() => new rdkafka.Producer(producer.global, producer.topic)).not.toThrow();
  expect(() => new rdkafka.KafkaConsumer({ ...consumer.global, 'group.id': 'g' }, consumer.topic)).not.toThrow();
}

function sampleValues(rule: ValueRule): string[] {
  if (rule.kind === 'text') return ['x'];
  if (rule.kind === 'flag') return ['true', 'FALSE'];
  if (rule.kind === 'whole') return [String(rule.min), String(rule.max)];
  return Object.keys(rule.words);
}

describe('client settings', () => {
  it('are taken by the library when nothing is configured', () => {
    const settings = translate({});
    expect(settings.problems).toEqual([]);
    expect(settings.warnings).toEqual([]);
    expectTaken(settings);
    expect(settings.producer.global).toEqual({
      'metadata.broker.list': 'b1:9092,b2:9092',
      'client.id': 'sluice',
      'security.protocol': 'plaintext',
      'enable.idempotence': true,
    });
    expect(settings.admin).toEqual({ clientId: 'sluice', bootstrapBrokers: ['b1:9092', 'b2:9092'] });
  });

  it("keep Java's isolation level and CRC check, which differ in librdkafka", () => {
    expect(translate({}).consumer.global).toMatchObject({ 'isolation.level': 'read_uncommitted', 'check.crcs': true });
    expect(translate({ 'consumer.isolation.level': 'read_committed' }).consumer.global).toMatchObject({
      'isolation.level': 'read_committed',
    });
  });

  const rows = [...Object.entries(javaKeys), ['request.timeout.ms', requestTimeoutKey.producer] as const].flatMap(
    ([key, { rule, clients }]) => sampleValues(rule).map((value) => ({ key, value, client: clients[0] ?? 'client' })),
  );
  it.each(rows)('$client.$key=$value is translated into what the library takes', ({ key, value, client }) => {
    const settings = translate({ [`${client}.${key}`]: value });
    expect(settings.problems).toEqual([]);
    expectTaken(settings);
  });

  it.each(Object.entries({ ...javaKeys }).filter(([, { rule }]) => rule.kind !== 'text'))(
    'refuses a bad value of %s by key, value and what is allowed',
    (key, { clients }) => {
      const name = `${clients[0] ?? 'client'}.${key}`;
      const { problems } = translate({ [name]: 'nonsense' });
      expect(problems).toEqual([expect.stringMatching(/^\S+: 'nonsense' is not allowed; allowed is ./)]);
      expect(problems[0]).toContain(name);
    },
  );

  it('puts topic settings into the second argument, where alone they count', () => {
    const { producer, consumer } = translate({
      'producer.acks': 'all',
      'producer.delivery.timeout.ms': '5000',
      'producer.request.timeout.ms': '4000',
      'producer.partitioner.class': 'org.apache.kafka.clients.producer.internals.DefaultPartitioner',
      'consumer.auto.offset.reset': 'none',
    });
    expect(producer.topic).toEqual({
      acks: -1,
      'message.timeout.ms': 5000,
      'request.timeout.ms': 4000,
      partitioner: 'murmur2_random',
    });
    expect(producer.global).toMatchObject({ 'socket.timeout.ms': 4000 });
    expect(consumer.topic).toEqual({ 'auto.offset.reset': 'error' });
  });

  it('takes the level of the compression that is asked for, and of no other', () => {
    const { producer, warnings } = translate({
      'producer.compression.type': 'LZ4',
      'producer.compression.lz4.level': '15',
      'producer.compression.gzip.level': '3',
    });
    expect(producer.topic).toEqual({ 'compression.level': 12 });
    expect(warnings).toEqual([
      expect.stringContaining("lz4.level: 15 is beyond the client library's bounds"),
      'producer.compression.gzip.level has no effect: compression.type is lz4',
    ]);
  });

  it('names the keys of serializers and of Java classes by their families', () => {
    const { warnings } = translate({
      'producer.json.fail.invalid.schema': 'true',
      'consumer.max.schemas.per.subject': '10',
      'client.metrics.context.resource.type': 'x',
      'client.config.providers.file.class': 'X',
    });
    expect(warnings.map((warning) => warning.replace(/: .*/, ''))).toEqual([
      'client.metrics.context.resource.type has no effect',
      'client.config.providers.file.class has no effect',
      'producer.json.fail.invalid.schema has no effect',
      'consumer.max.schemas.per.subject has no effect',
    ]);
  });

  it('converts units, and clips to the bounds of the library with a warning', () => {
    const { producer, warnings } = translate({ 'producer.buffer.memory': '33554433', 'producer.linger.ms': '1000000' });
    expect(producer.global).toMatchObject({ 'queue.buffering.max.kbytes': 32_769, 'linger.ms': 900_000 });
    expect(warnings).toEqual([
      "producer.linger.ms: 1000000 is beyond the client library's bounds; linger.ms=900000 is used",
    ]);
  });

  it('lets the key of a kind win over the one of all clients, and gives each kind only its own', () => {
    const { producer, consumer, admin, warnings } = translate({
      'client.client.id': 'all',
      'consumer.client.id': 'mine',
      'client.acks': '1',
      'client.request.timeout.ms': '7000',
      'admin.request.timeout.ms': '9000',
    });
    expect([producer.global['client.id'], consumer.global['client.id'], admin.clientId]).toEqual([
      'all',
      'mine',
      'all',
    ]);
    expect(producer.topic).toMatchObject({ acks: 1 });
    expect(consumer.topic).toEqual({});
    expect([consumer.global['socket.timeout.ms'], admin.requestTimeout]).toEqual([7000, 9000]);
    expect(warnings).toEqual([expect.stringContaining('client.acks')]);
  });

  it('names what has no effect, and in one warning what nobody knows', () => {
    const { warnings } = translate({
      'consumer.group.id': 'g',
      'consumer.acks': '1',
      'client.zebra': '1',
      'producer.apple': '1',
      'client.sasl.login.callback.handler.class': 'X',
    });
    expect(new Set(warnings)).toEqual(
      new Set([
        'consumer.group.id has no effect: each consumer instance brings its own group',
        'client.sasl.login.callback.handler.class has no effect: the client libraries have no such setting',
        'consumer.acks has no effect: it is not a setting of consumer clients',
        'unknown client keys have no effect: client.zebra, producer.apple',
      ]),
    );
  });

  it('keeps a small fetch.max.bytes together with message.max.bytes, below which librdkafka refuses it', () => {
    const settings = translate({ 'consumer.fetch.max.bytes': '2000' });
    expect(settings.consumer.global).toMatchObject({ 'fetch.max.bytes': 2000, 'message.max.bytes': 2000 });
    expectTaken(settings);
  });
});

describe('idempotence', () => {
  it.each<[Keys, boolean, number, number]>([
    [{}, true, 0, 0],
    [{ 'producer.enable.idempotence': 'false' }, false, 0, 0],
    [
      { 'producer.acks': 'all', 'producer.retries': '5', 'producer.max.in.flight.requests.per.connection': '5' },
      true,
      0,
      0,
    ],
    [{ 'producer.acks': '1' }, false, 1, 0],
    [{ 'client.acks': '0' }, false, 1, 0],
    [{ 'producer.request.required.acks': '1' }, false, 1, 0],
    [{ 'producer.retries': '0' }, false, 1, 0],
    [{ 'producer.max.in.flight.requests.per.connection': '6' }, false, 1, 0],
    [{ 'producer.acks': '1', 'producer.enable.idempotence': 'true' }, false, 0, 1],
  ])('%j: %s with %i warnings and %i problems', (entries, on, warnings, problems) => {
    const settings = translate(entries);
    expect(settings.producer.global['enable.idempotence']).toBe(on);
    expect([settings.warnings.length, settings.problems.length]).toEqual([warnings, problems]);
    expectTaken(settings);
  });
});

describe("librdkafka's own names", () => {
  const library = createRequire(import.meta.url).resolve('node-rdkafka/package.json');
  const documentation = readFileSync(join(dirname(library), 'deps/librdkafka/CONFIGURATION.md'), 'utf8');
  const [globalPart = '', topicPart = ''] = documentation.split('## Topic configuration properties');

  function documented(part: string, letters: string): Set<string> {
    const rows = [...part.matchAll(/^([a-z_.0-9]+) +\| +([*CP]) +\|/gm)];
    return new Set(rows.filter(([, , letter = '']) => letters.includes(letter)).map(([, name = '']) => name));
  }

  it.each([
    ['producer', '*P'],
    ['consumer', '*C'],
    ['admin', '*'],
  ] as const)('of a %s are those that the installed library documents', (kind, letters) => {
    const { global, topic } = librdkafkaNames(kind);
    expect([...global].filter((name) => !documented(globalPart, letters).has(name))).toEqual([]);
    expect([...topic].filter((name) => !documented(topicPart, letters).has(name))).toEqual([]);
  });

  it('pass unchanged, each to its place', () => {
    const settings = translate({
      'client.socket.keepalive.enable': 'true',
      'producer.queue.buffering.max.ms': '7',
      'producer.compression.level': '3',
      'consumer.queued.min.messages': '5',
    });
    expect(settings.warnings).toEqual([]);
    expect(settings.producer.global).toMatchObject({ 'socket.keepalive.enable': 'true', 'linger.ms': '7' });
    expect(settings.producer.topic).toEqual({ 'compression.level': '3' });
    expect(settings.consumer.global).toMatchObject({ 'queued.min.messages': '5' });
    expectTaken(settings);
  });

  it('do not shadow a key of Java, whose unit may differ', () => {
    const java = new Set([...Object.keys(javaKeys), ...Object.keys(unusedJavaKeys)]);
    for (const kind of ['producer', 'consumer', 'admin'] as const) {
      const { global, topic } = librdkafkaNames(kind);
      expect([...global, ...topic].filter((name) => java.has(name))).toEqual([]);
    }
    expect(Object.keys(canonicalNames).filter((name) => java.has(name))).toEqual([]);
  });
});
