import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { type FaultyRegistry, startFaultyRegistry } from '../../harness/faulty-registry.ts';
import type { HttpAnswer } from '../../harness/http.ts';
import { RestConsumer } from '../../harness/rest-consumer.ts';
import { sharedRegistry } from '../../harness/shared-registry.ts';
import { type SluiceProcess, startSluice } from '../../harness/sluice.ts';
import { createTopic } from '../../harness/topics.ts';

/** What clients see when the registry is slow, gone, or lies. One proxy whose way to it can be broken, and one whose is good. */

const START_MS = 240_000;
const AVRO = 'application/vnd.kafka.avro.v2+json';

let registry: FaultyRegistry;
let proxy: SluiceProcess;
let other: SluiceProcess;
let bootstrap: string;
let names = 0;

beforeAll(async () => {
  const [broker, real] = await Promise.all([sharedBroker(), sharedRegistry()]);
  ({ bootstrap } = broker);
  registry = await startFaultyRegistry(real.url);
  const start = async (url: string): Promise<SluiceProcess> =>
    await startSluice({
      properties: {
        'bootstrap.servers': bootstrap,
        'schema.registry.url': url,
        'schema.registry.http.read.timeout.ms': '1000',
        'sluice.schema.registry.timeout.ms': '2000',
      },
    });
  [proxy, other] = await Promise.all([start(registry.url), start(real.url)]);
}, START_MS);
afterAll(async () => {
  await Promise.all([proxy?.stop(), other?.stop()]);
  await registry?.close();
});

/** A schema that nobody has seen. */
function newSchema(): string {
  names += 1;
  const name = `Fault${process.pid}x${names}`;
  return JSON.stringify({ type: 'record', name, fields: [{ name: 'a', type: 'int' }] });
}

async function produce(by: SluiceProcess, topic: string, body: object): Promise<HttpAnswer> {
  return await by.http.call('POST', `/topics/${topic}`, {
    headers: { 'content-type': AVRO },
    body: JSON.stringify({ records: [{ value: { a: 1 }, partition: 0 }], ...body }),
    timeoutMs: 20_000,
  });
}

async function readerOf(topic: string): Promise<RestConsumer> {
  const consumer = await RestConsumer.create(proxy.http, `group-${topic}`, { format: 'avro' });
  await consumer.assign(topic, 0);
  return consumer;
}

async function endOf(topic: string): Promise<number> {
  const answer = await proxy.http.call('GET', `/topics/${topic}/partitions/0/offsets`);
  return (answer.json() as { end_offset: number }).end_offset;
}

describe('a registry that does not answer', () => {
  it('refuses what needs it within its time, produces nothing of it, and lets known schemas work', async () => {
    const topic = await createTopic(bootstrap);
    const schema = newSchema();
    const known = (await produce(proxy, topic, { value_schema: schema })).json() as { value_schema_id: number };
    registry.drop(Number.POSITIVE_INFINITY);
    try {
      const byText = await produce(proxy, topic, { value_schema: newSchema() });
      expect({ status: byText.status, code: (byText.json() as { error_code: number }).error_code }).toEqual({
        status: 422,
        code: 42207,
      });
      expect((byText.json() as { message: string }).message).toMatch(
        /^Error serializing message\. Error when registering schema\. format = AVRO, subject = .*-value, schema = .*\n/s,
      );
      const byId = await produce(proxy, topic, { value_schema_id: 2_000_000_000 });
      expect((byId.json() as { message: string }).message).toMatch(
        /^Error serializing message\. Error when fetching schema by id\. schemaId = 2000000000\n/,
      );
      expect(await endOf(topic)).toBe(1);
      expect((await produce(proxy, topic, { value_schema: schema })).status).toBe(200);
      expect((await produce(proxy, topic, { value_schema_id: known.value_schema_id })).status).toBe(200);
      expect(await (await readerOf(topic)).readAll(3)).toHaveLength(3);
    } finally {
      registry.heal();
    }
  });

  it('fails a read of what it has to tell about with 40801, and the same read works when it is back', async () => {
    const topic = await createTopic(bootstrap);
    await produce(other, topic, { value_schema: newSchema() });
    const consumer = await readerOf(topic);
    registry.drop(Number.POSITIVE_INFINITY);
    try {
      const answer = await consumer.readAnswer({ timeout: 10_000 });
      expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 408 });
      expect(answer.json()).toMatchObject({
        error_code: 40801,
        message: expect.stringMatching(/^Error deserializing VALUE for partition .* at offset 0: /) as string,
      });
    } finally {
      registry.heal();
    }
    expect(await consumer.readAll(1)).toMatchObject([{ value: { a: 1 }, offset: 0 }]);
  });
});

describe('a registry that is slow', () => {
  it('lets a read end at its time with nothing, and the next one has the records', async () => {
    const topic = await createTopic(bootstrap);
    await produce(other, topic, { value_schema: newSchema() });
    const consumer = await readerOf(topic);
    registry.slow(700);
    try {
      expect(await consumer.read({ timeout: 100 })).toEqual([]);
      expect(await consumer.readAll(1)).toMatchObject([{ value: { a: 1 } }]);
    } finally {
      registry.heal();
    }
  });

  it('is asked once, however many want to know, and not again', async () => {
    const topic = await createTopic(bootstrap);
    const schema = newSchema();
    const { value_schema_id: id } = (await produce(other, topic, { value_schema: schema })).json() as {
      value_schema_id: number;
    };
    registry.slow(200);
    const before = registry.requests.length;
    try {
      const answers = await Promise.all(
        Array.from({ length: 50 }, async () => await produce(proxy, topic, { value_schema_id: id })),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
      await produce(proxy, topic, { value_schema_id: id });
    } finally {
      registry.heal();
    }
    const asked = registry.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
    expect(asked).toEqual([`GET /schemas/ids/${id}`, `POST /subjects/${topic}-value`]);
  });
});

describe('a registry that lies', () => {
  it.each([
    ['an HTML page', 200, '<html>maintenance</html>'],
    ['a schema that is none', 200, '{"schema":"{\\"type\\":\\"nope\\"}"}'],
    ['a schema of a kind that nobody knows', 200, '{"schema":"x","schemaType":"COBOL"}'],
    ['nothing', 200, ''],
    ['a server error', 500, '{"error_code":50001,"message":"database"}'],
  ])('with %s is answered with 42207, and nothing is sent', async (_title, status, body) => {
    const topic = await createTopic(bootstrap);
    names += 1;
    const id = 1_000_000_000 + names;
    registry.lie(({ path }) => (path === `/schemas/ids/${id}` ? { status, body } : undefined));
    try {
      const answer = await produce(proxy, topic, { value_schema_id: id });
      expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 422 });
      expect(answer.json()).toMatchObject({ error_code: 42207 });
    } finally {
      registry.heal();
    }
    expect(await endOf(topic)).toBe(0);
  });

  it('with the code of forbidden access is answered with it', async () => {
    const topic = await createTopic(bootstrap);
    registry.lie(() => ({ status: 403, body: '{"error_code":40301,"message":"no"}' }));
    try {
      const answer = await produce(proxy, topic, { value_schema_id: 1_999_999_999 });
      expect({ status: answer.status, text: answer.text }).toEqual({
        status: 403,
        text: '{"error_code":40301,"message":"Error when fetching schema by id. schemaId = 1999999999"}',
      });
    } finally {
      registry.heal();
    }
  });
});

describe('a record of a few bytes', () => {
  it('a read of a few bytes that come to many is bounded by what they come to', async () => {
    const topic = await createTopic(bootstrap);
    // Each item of the array is a zero byte in Kafka, and 2000 characters in JSON.
    const fields = Array.from({ length: 100 }, (_, index) => ({
      name: `field_with_a_long_name_${index}`,
      type: 'null',
    }));
    const item = { type: 'record', name: 'Item', fields };
    const schema = JSON.stringify({ type: 'array', items: item });
    const empty = Object.fromEntries(fields.map(({ name }) => [name, null]));
    const values = Array.from({ length: 300 }, () => ({
      value: Array.from({ length: 20 }, () => empty),
      partition: 0,
    }));
    const produced = await produce(proxy, topic, { value_schema: schema, records: values });
    expect({ status: produced.status, text: produced.text }).toMatchObject({ status: 200 });
    const consumer = await readerOf(topic);
    const sizes: number[] = [];
    let records = 0;
    while (records < values.length) {
      const { text } = await consumer.readAnswer({ timeout: 10_000 });
      sizes.push(text.length);
      records += (JSON.parse(text) as unknown[]).length;
    }
    // 300 records of 30 bytes would be one answer of 18 MB; four times the target of an answer is the bound.
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThan(5 * 1024 * 1024);
  });
});

describe('a read that waits for a schema', () => {
  /** An instance whose next record has a schema that the registry does not answer for. */
  async function waitingReader(): Promise<RestConsumer> {
    const topic = await createTopic(bootstrap);
    await produce(other, topic, { value_schema: newSchema() });
    registry.lie(({ path }) => (path.startsWith('/schemas/ids/') ? () => undefined : undefined));
    return await readerOf(topic);
  }

  it('ends when its instance is deleted, and not when its time is over', async () => {
    const consumer = await waitingReader();
    try {
      const asked = registry.requests.length;
      const read = consumer.readAnswer({ timeout: 1900 });
      await expect.poll(() => registry.requests.length).toBeGreaterThan(asked);
      await consumer.delete();
      const { status, text } = await read;
      expect({ status, text }).toEqual({
        status: 404,
        text: '{"error_code":40403,"message":"Consumer instance not found."}',
      });
    } finally {
      registry.heal();
    }
  });

  it('is answered when the server ends, and so is a produce', async () => {
    const topic = await createTopic(bootstrap);
    await produce(other, topic, { value_schema: newSchema() });
    const ending = await startSluice({
      properties: {
        'bootstrap.servers': bootstrap,
        'schema.registry.url': registry.url,
        'schema.registry.http.read.timeout.ms': '60000',
        'sluice.schema.registry.timeout.ms': '60000',
      },
    });
    try {
      registry.lie(() => () => undefined);
      const consumer = await RestConsumer.create(ending.http, `group-${topic}`, { format: 'avro' });
      await consumer.assign(topic, 0);
      const asked = registry.requests.length;
      const answers = Promise.all([
        consumer.readAnswer({ timeout: 25_000 }),
        produce(ending, topic, { value_schema: newSchema() }),
      ]);
      await expect.poll(() => registry.requests.length).toBeGreaterThan(asked + 1);
      const exited = ending.stop();
      const [read, produced] = await answers;
      expect({ status: read.status, text: read.text }).toEqual({ status: 200, text: '[]' });
      expect(produced.json()).toMatchObject({ error_code: 42207 });
      expect(await exited).toMatchObject({ code: 0 });
    } finally {
      registry.heal();
    }
  });
});
