import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FaultyRegistry, startFaultyRegistry } from '../../../../test/harness/faulty-registry.ts';
import { sharedRegistry } from '../../../../test/harness/shared-registry.ts';
import { uniqueName } from '../../../../test/harness/topics.ts';
import type { SchemaReference, SchemaType } from '../../src/codec.ts';
import { RegistryClient } from '../../src/registry/registry-client.ts';
import { SchemaStore, type SchemaStoreOptions } from '../../src/registry/schema-store.ts';
import { compileFake, type FakeCodec } from './fake-codec.ts';

const START_TIMEOUT_MS = 240_000;
const LATENCY_MS = 50;

let url: string;
let way: FaultyRegistry;
let client: RegistryClient;

beforeAll(async () => {
  ({ url } = await sharedRegistry());
}, START_TIMEOUT_MS);

beforeEach(async () => {
  way = await startFaultyRegistry(url);
  client = new RegistryClient({ urls: [way.url] });
});

afterEach(async () => {
  await client.close();
  await way.close();
});

/** A record that nobody else registers: the ids of the registry are those of texts. */
function record(fields: readonly object[], name = uniqueName('R').replaceAll('-', '_')): string {
  return JSON.stringify({ type: 'record', name, namespace: 'x', fields });
}

function schema(type: SchemaType, text: string, references: readonly SchemaReference[] = []) {
  return { type, text, references };
}

describe('the client', () => {
  test('registers a schema, finds it by its id, its text and its version', async () => {
    const subject = `${uniqueName('t')}-value`;
    const sent = schema('AVRO', record([{ name: 'a', type: 'int' }]));
    await expect(client.lookUp(subject, sent)).rejects.toMatchObject({ httpStatus: 404, errorCode: 40401 });
    const id = await client.register(subject, sent);
    await expect(client.register(subject, sent)).resolves.toBe(id);
    await expect(client.schemaById(id)).resolves.toEqual(sent);
    const found = { ...sent, id, version: 1 };
    await expect(client.lookUp(subject, sent)).resolves.toEqual(found);
    await expect(client.version(subject, 1)).resolves.toEqual(found);
    await expect(client.version(subject, 1, { includeDeleted: true })).resolves.toEqual(found);
    await expect(client.version(subject, 'latest')).resolves.toEqual(found);
  });

  test('is told what is missing by code', async () => {
    const subject = uniqueName('none');
    await expect(client.schemaById(2 ** 31 - 1)).rejects.toMatchObject({ httpStatus: 404, errorCode: 40403 });
    await expect(client.version(subject, 'latest')).rejects.toMatchObject({ httpStatus: 404, errorCode: 40401 });
    await client.register(subject, schema('AVRO', record([])));
    await expect(client.version(subject, 7)).rejects.toMatchObject({ httpStatus: 404, errorCode: 40402 });
  });

  test('is refused what is incompatible, and what is no schema', async () => {
    const subject = uniqueName('s');
    const name = uniqueName('R').replaceAll('-', '_');
    await client.register(subject, schema('AVRO', record([{ name: 'a', type: 'int' }], name)));
    const other = schema('AVRO', record([{ name: 'a', type: 'string' }], name));
    await expect(client.register(subject, other)).rejects.toMatchObject({ httpStatus: 409, errorCode: 409 });
    const none = schema('AVRO', '{"type":"nope"}');
    await expect(client.register(uniqueName('s'), none)).rejects.toMatchObject({ httpStatus: 422, errorCode: 42201 });
  });

  test.each(['a/b c?#%', 'ü', ':.:x'])('a subject called %j', async (part) => {
    const subject = `${uniqueName('s')}${part}`;
    const id = await client.register(subject, schema('AVRO', '"int"'));
    await expect(client.version(subject, 1)).resolves.toMatchObject({ id, version: 1 });
  });

  test('types and references', async () => {
    const [base, top] = [uniqueName('base'), uniqueName('top')];
    const message = schema(
      'PROTOBUF',
      `syntax = "proto3"; package ${base.replaceAll('-', '_')}; message M { int32 a = 1; }`,
    );
    await client.register(base, message);
    const references = [{ name: 'm.proto', subject: base, version: 1 }];
    const text = `syntax = "proto3"; import "m.proto"; message N { ${base.replaceAll('-', '_')}.M m = 1; }`;
    const id = await client.register(top, schema('PROTOBUF', text, references));
    await expect(client.schemaById(id)).resolves.toEqual(schema('PROTOBUF', text, references));
    await expect(client.lookUp(top, schema('PROTOBUF', text, references))).resolves.toMatchObject({ id, version: 1 });
    const json = schema('JSON', `{"$schema":"http://json-schema.org/draft-07/schema#","title":"${top}"}`);
    const jsonId = await client.register(uniqueName('j'), json);
    await expect(client.schemaById(jsonId)).resolves.toMatchObject({ type: 'JSON' });
  });
});

describe('the store', () => {
  function storeOf(options: Partial<SchemaStoreOptions> = {}): SchemaStore {
    return new SchemaStore({ client, compile: compileFake, ...options });
  }

  test('registers a new schema and serves its id to readers; then the registry may be as slow as it likes', async () => {
    const store = storeOf();
    const topic = uniqueName('t');
    const request = { topic, isKey: false, type: 'AVRO' as const, text: record([{ name: 'a', type: 'int' }]) };
    way.slow(LATENCY_MS);
    const found = await store.forProduce(request);
    expect(found).toMatchObject({ version: 1, subject: `${topic}-value` });
    const asked = way.count();
    expect(store.knownForProduce(request)).toEqual(found);
    expect(store.known(found.id)).toBe(found.codec);
    await store.forProduce({ topic, isKey: false, type: 'AVRO', id: found.id });
    expect(way.count()).toBe(asked);
  });

  test('proxies that register the same schema at a time all have it', async () => {
    const topic = uniqueName('t');
    const request = { topic, isKey: false, type: 'AVRO' as const, text: record([{ name: 'a', type: 'int' }]) };
    const found = await Promise.all(
      [storeOf(), storeOf(), storeOf()].map(async (store) => await store.forProduce(request)),
    );
    expect(new Set(found.map(({ id, version }) => `${id} ${version}`)).size).toBe(1);
  });

  test('an id is only good for a topic whose subject has its schema', async () => {
    const [topic, other] = [uniqueName('t'), uniqueName('t')];
    const text = record([]);
    const { id } = await storeOf().forProduce({ topic, isKey: false, type: 'AVRO', text });
    await expect(storeOf().forProduce({ topic, isKey: false, type: 'AVRO', id })).resolves.toMatchObject({
      id,
      version: 1,
    });
    const attempt = `Error when fetching schema version. subject = ${other}-value, schema = ${text}\n`;
    await expect(storeOf().forProduce({ topic: other, isKey: false, type: 'AVRO', id })).rejects.toMatchObject({
      kind: 'notFound',
      message: expect.stringMatching(new RegExp(`^${escaped(attempt)}.*; error code: 4040[13]$`)),
    });
  });

  test('an incompatible schema is refused with the text of the contract', async () => {
    const topic = uniqueName('t');
    const name = uniqueName('R').replaceAll('-', '_');
    const store = storeOf();
    const request = { topic, isKey: false, type: 'AVRO' as const };
    await store.forProduce({ ...request, text: record([{ name: 'a', type: 'int' }], name) });
    const text = record([{ name: 'a', type: 'string' }], name);
    const attempt = `Error when registering schema. format = AVRO, subject = ${topic}-value, schema = ${text}\n`;
    await expect(store.forProduce({ ...request, text })).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(new RegExp(`^${escaped(attempt)}[^]*; error code: 409$`)),
    });
  });

  test('the latest version of a subject', async () => {
    const topic = uniqueName('t');
    const name = uniqueName('R').replaceAll('-', '_');
    const store = storeOf();
    const request = { topic, isKey: true, type: 'AVRO' as const };
    const optional = { name: 'b', type: ['null', 'int'], default: null };
    await store.forProduce({ ...request, text: record([], name) });
    await store.forProduce({ ...request, text: record([optional], name) });
    await expect(store.forProduce({ ...request, version: 'latest' })).resolves.toMatchObject({ version: 2 });
    await expect(store.forProduce({ ...request, version: 1 })).resolves.toMatchObject({ version: 1 });
  });

  test('what a schema refers to comes with it', async () => {
    const [base, top] = [uniqueName('base'), uniqueName('t')];
    const part = record([]);
    await client.register(base, schema('AVRO', part));
    const { name } = JSON.parse(part) as { name: string };
    const references = [{ name: `x.${name}`, subject: base, version: 1 }];
    const text = record([{ name: 'part', type: `x.${name}` }]);
    const id = await client.register(`${top}-value`, schema('AVRO', text, references));
    const codec = (await storeOf().load(id)) as FakeCodec;
    expect(codec.source).toMatchObject({ references, dependencies: [{ name: `x.${name}`, text: part }] });
  });

  test('what the registry lacks for a while is found when it is there', async () => {
    const store = storeOf({ missingMs: 20 });
    const topic = uniqueName('t');
    way.fail(100, 503);
    const request = { topic, isKey: false, type: 'AVRO' as const, text: record([]) };
    await expect(store.forProduce(request)).rejects.toMatchObject({ kind: 'unavailable' });
    way.heal();
    await expect(store.forProduce(request)).resolves.toMatchObject({ version: 1 });
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
