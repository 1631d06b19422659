import { describe, expect, test } from 'vitest';
import { storeUnderTest } from './store-under-test.ts';

const NAMED = '{"name":"x.R"}';
const VALUE = { topic: 't', isKey: false, type: 'AVRO' as const };
const LOOK_UP = 'POST /subjects/t-value';
const REGISTER = 'POST /subjects/t-value/versions';

const under = storeUnderTest();

describe('a schema as text', () => {
  test('that the subject has is looked up, and not registered', async () => {
    under.fake.add('t-value', { schema: '"int"' });
    under.fake.add('t-value', { schema: NAMED });
    const found = await under.storeOf().forProduce({ ...VALUE, text: NAMED });
    expect(found).toMatchObject({ id: 2, version: 2, subject: 't-value', codec: { text: NAMED } });
    expect(under.server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([LOOK_UP]);
  });

  test('that the subject lacks is registered', async () => {
    const found = await under.storeOf().forProduce({ topic: 't', isKey: true, type: 'JSON', text: NAMED });
    expect(found).toMatchObject({ id: 1, version: 1, subject: 't-key', codec: { type: 'JSON', text: NAMED } });
    expect(under.server.count('POST /subjects/t-key/versions')).toBe(1);
  });

  test('is registered if it can not be looked up, for whatever reason', async () => {
    under.server.fail(1, 403);
    await expect(under.storeOf().forProduce({ ...VALUE, text: NAMED })).resolves.toMatchObject({ id: 1 });
  });

  test('is resolved once, also by a thousand requests at a time; then it costs nothing', async () => {
    under.server.slow(20);
    const store = under.storeOf();
    const request = { ...VALUE, text: NAMED };
    expect(store.knownForProduce(request)).toBeUndefined();
    const found = await Promise.all(Array.from({ length: 1000 }, async () => await store.forProduce({ ...request })));
    expect(new Set(found).size).toBe(1);
    const asked = under.server.count();
    expect(under.server.count(REGISTER)).toBe(1);
    expect(store.knownForProduce({ ...request })).toEqual(found[0]);
    await expect(store.forProduce({ ...request })).resolves.toEqual(found[0]);
    expect(under.server.count()).toBe(asked);
    expect(under.compiled).toHaveLength(1);
  });

  test('with other white space, or in other topics, shares the codec of its id, which reads use too', async () => {
    const store = under.storeOf();
    const { codec } = await store.forProduce({ ...VALUE, text: NAMED });
    for (const request of [
      { ...VALUE, text: ' { "name": "x.R" }' },
      { ...VALUE, topic: 'u', text: NAMED },
    ]) {
      expect((await store.forProduce(request)).codec).toBe(codec);
    }
    expect(store.known(1)).toBe(codec);
    expect(under.server.count('GET /schemas/ids/1')).toBe(0);
  });

  test('is compiled once for its id: the codec of the text serves, if the registry has the same text', async () => {
    const store = under.storeOf();
    await store.forProduce({ ...VALUE, text: ` ${NAMED} ` });
    await store.load(1);
    expect(under.compiled).toHaveLength(1);
  });

  test('is encoded with what the registry has: readers will decode with that', async () => {
    under.server.lie(() => ({
      status: 200,
      body: '{"id":5,"version":2,"schema":"{\\"name\\":\\"x.R\\",\\"doc\\":1}"}',
    }));
    const { id, codec } = await under.storeOf().forProduce({ ...VALUE, text: NAMED });
    expect([id, codec.text]).toEqual([5, '{"name":"x.R","doc":1}']);
  });

  test('is looked up by its canonical form', async () => {
    await under.storeOf().forProduce({ ...VALUE, text: ' { "name": "x.R" }' });
    for (const { body } of under.server.requests) expect(JSON.parse(body)).toEqual({ schema: NAMED });
  });

  test('is refused by the registry: nothing of it is remembered', async () => {
    under.fake.incompatible.add('t-value');
    const store = under.storeOf();
    const message =
      'Error when registering schema. format = AVRO, subject = t-value, schema = {"name":"x.R"}\n' +
      'Schema being registered is incompatible; error code: 409';
    await expect(store.forProduce({ ...VALUE, text: NAMED })).rejects.toMatchObject({ kind: 'refused', message });
    under.fake.incompatible.clear();
    await expect(store.forProduce({ ...VALUE, text: NAMED })).resolves.toMatchObject({ id: 1 });
  });

  test('that somebody else registers at the same time is found, though the registry refuses it', async () => {
    under.fake.incompatible.add('t-value');
    under.server.lie((request) => {
      const answer = under.fake.answer(request);
      if (request.path.endsWith('/versions')) under.fake.add('t-value', { schema: NAMED });
      return answer;
    });
    await expect(under.storeOf().forProduce({ ...VALUE, text: NAMED })).resolves.toMatchObject({ id: 1, version: 1 });
  });

  test.each([
    ['JSON', 'JSONSCHEMA'],
    ['PROTOBUF', 'PROTOBUF'],
  ] as const)('of the type %s is of the format %s', async (type, format) => {
    under.fake.incompatible.add('t-value');
    const message = new RegExp(`^Error when registering schema. format = ${format}, subject = t-value, schema = 1\n`);
    await expect(under.storeOf().forProduce({ ...VALUE, type, text: '1' })).rejects.toMatchObject({ message });
  });

  test('the registry is away: it is asked once, not for a registration as well', async () => {
    under.server.drop(1000);
    const message =
      'Error when registering schema. format = AVRO, subject = t-value, schema = 1\nUnexpected end of file from server';
    await expect(under.storeOf().forProduce({ ...VALUE, text: '1' })).rejects.toMatchObject({
      kind: 'unavailable',
      message,
    });
    expect(under.server.count(REGISTER)).toBe(0);
  });

  test('the registry forbids it', async () => {
    under.server.lie(() => ({ status: 403, body: '{"error_code":40301,"message":"User is denied"}' }));
    const message = 'Error when registering schema. format = AVRO, subject = t-value, schema = 1';
    await expect(under.storeOf().forProduce({ ...VALUE, text: '1' })).rejects.toMatchObject({
      kind: 'forbidden',
      message,
    });
  });

  test('that is registered, but has no version', async () => {
    under.server.lie(({ path }) =>
      path.endsWith('/versions')
        ? { status: 200, body: '{"id":1}' }
        : { status: 404, body: '{"error_code":40403,"message":"Schema not found"}' },
    );
    const message =
      'Error when fetching schema version. subject = t-value, schema = "int"\nSchema not found; error code: 40403';
    await expect(under.storeOf().forProduce({ ...VALUE, text: '"int"' })).rejects.toMatchObject({
      kind: 'notFound',
      message,
    });
  });

  test('that is none', async () => {
    const message = 'Error when parsing raw schema. format = AVRO, schema = {nope';
    await expect(under.storeOf().forProduce({ ...VALUE, text: '{nope' })).rejects.toMatchObject({
      kind: 'invalidSchema',
      message,
    });
    expect(under.server.count()).toBe(0);
  });

  test('that is too large is not compiled, nor repeated', async () => {
    const request = { ...VALUE, text: JSON.stringify('x'.repeat(99)) };
    const error = { kind: 'invalidSchema', message: 'The schema is larger than 100 bytes' };
    await expect(under.storeOf({ schemaMaxBytes: 100 }).forProduce(request)).rejects.toMatchObject(error);
    expect(under.compiled).toHaveLength(0);
  });

  test('is only looked up when nothing may be registered', async () => {
    const store = under.storeOf({ autoRegister: false });
    const message =
      'Error when looking up schema. format = AVRO, subject = t-value, schema = "int"\n' +
      "Subject 't-value' not found.; error code: 40401";
    await expect(store.forProduce({ ...VALUE, text: '"int"' })).rejects.toMatchObject({ kind: 'notFound', message });
    under.fake.add('t-value', { schema: '"int"' });
    await expect(store.forProduce({ ...VALUE, text: '"int"' })).resolves.toMatchObject({ id: 1 });
    expect(under.server.count(REGISTER)).toBe(0);
  });

  test('only names the subject when its latest version is what counts', async () => {
    under.fake.add('x.R', { schema: '{"name":"x.R","fields":[]}' });
    const store = under.storeOf({ useLatestVersion: true, valueStrategy: 'RECORD_NAME', versionMs: 30 });
    const request = { ...VALUE, text: NAMED };
    await expect(store.forProduce(request)).resolves.toMatchObject({ id: 1, version: 1, subject: 'x.R' });
    under.fake.add('x.R', { schema: '{"name":"x.R","fields":[1]}' });
    await expect.poll(async () => (await store.forProduce(request)).version).toBe(2);
  });
});

describe('a schema by its id', () => {
  test('is good for the topic whose subject has it', async () => {
    under.fake.add('other', { schema: '1' });
    under.fake.add('t-value', { schema: '2' });
    under.fake.add('t-value', { schema: '1' });
    const store = under.storeOf();
    const found = await store.forProduce({ ...VALUE, id: 1 });
    expect(found).toMatchObject({ id: 1, version: 2, subject: 't-value' });
    expect(under.server.requests.at(-1)).toMatchObject({ path: '/subjects/t-value', query: '?deleted=true' });
    expect(store.knownForProduce({ ...VALUE, id: 1 })).toEqual(found);
    expect(store.known(1)).toBe(found.codec);
  });

  test('is unknown', async () => {
    const message = 'Error when fetching schema by id. schemaId = 7\nSchema 7 not found; error code: 40403';
    await expect(under.storeOf().forProduce({ ...VALUE, id: 7 })).rejects.toMatchObject({ kind: 'notFound', message });
  });

  test('is not registered under the subject', async () => {
    under.fake.add('other', { schema: ' "int"' });
    const message =
      'Error when fetching schema version. subject = t-key, schema = "int"\n' +
      "Subject 't-key' not found.; error code: 40401";
    const request = { topic: 't', isKey: true, type: 'AVRO' as const, id: 1 };
    await expect(under.storeOf().forProduce(request)).rejects.toMatchObject({ kind: 'notFound', message });
  });

  test('is looked up as the registry has it, with its references', async () => {
    under.fake.add('a', { schema: '"a"' });
    const references = [{ name: 'A', subject: 'a', version: 1 }];
    under.fake.add('t-value', { schema: ' "int"', schemaType: 'JSON', references });
    await expect(under.storeOf().forProduce({ ...VALUE, type: 'JSON', id: 2 })).resolves.toMatchObject({ version: 1 });
    expect(JSON.parse(under.server.requests.at(-1)?.body ?? '')).toEqual({
      schema: ' "int"',
      schemaType: 'JSON',
      references,
    });
  });

  test('is of another type than the format', async () => {
    under.fake.add('t-value', { schema: '{}', schemaType: 'JSON' });
    const message = 'The schema with the id 1 is of the type JSON, not AVRO';
    await expect(under.storeOf().forProduce({ ...VALUE, id: 1 })).rejects.toMatchObject({ kind: 'otherType', message });
    await expect(under.storeOf().forProduce({ topic: 't', isKey: false, id: 1 })).resolves.toMatchObject({ id: 1 });
  });

  test('one under which something else was found is refused, whatever the registry says', async () => {
    under.server.lie(() => ({ status: 200, body: '{"id":3,"version":1,"schema":"1","schemaType":"JSON"}' }));
    await expect(under.storeOf().forProduce({ ...VALUE, text: '1' })).rejects.toMatchObject({ kind: 'otherType' });
  });
});

describe('a version of a subject', () => {
  test('the latest is asked for again after a while, whatever it was', async () => {
    const store = under.storeOf({ versionMs: 30 });
    const request = { topic: 't', isKey: false, version: 'latest' as const };
    const message =
      'Error when fetching latest schema version. subject = t-value\n' +
      "Subject 't-value' not found.; error code: 40401";
    await expect(store.forProduce(request)).rejects.toMatchObject({ kind: 'notFound', message });
    under.fake.add('t-value', { schema: '1' });
    await expect(store.forProduce(request)).resolves.toMatchObject({ id: 1, version: 1, subject: 't-value' });
    expect(store.knownForProduce(request)).toMatchObject({ version: 1 });
    under.fake.add('t-value', { schema: '2' });
    await expect.poll(async () => (await store.forProduce(request)).version).toBe(2);
  });

  test('a given one of a given subject', async () => {
    under.fake.add('mine', { schema: '1' });
    under.fake.add('mine', { schema: '2' });
    const request = { topic: 't', isKey: false, subject: 'mine' };
    const store = under.storeOf();
    await expect(store.forProduce({ ...request, version: 1 })).resolves.toMatchObject({ id: 1, subject: 'mine' });
    await expect(store.forProduce({ ...request, version: 2 })).resolves.toMatchObject({ id: 2 });
    const message = /^Schema does not exist for subject: mine, version: 3\n/;
    await expect(store.forProduce({ ...request, version: 3 })).rejects.toMatchObject({ kind: 'notFound', message });
  });

  test('has no subject when the strategy needs a schema', async () => {
    const request = { topic: 't', isKey: false, version: 1 };
    const store = under.storeOf({ valueStrategy: 'RECORD_NAME' });
    await expect(store.forProduce(request)).rejects.toMatchObject({
      kind: 'noSubject',
      message: 'Cannot use default schema_subject_strategy without schema_id or schema.',
    });
    await expect(store.forProduce({ ...request, strategy: 'TOPIC_RECORD_NAME' })).rejects.toMatchObject({
      kind: 'noSubject',
      message: 'Cannot use schema_subject_strategy=TOPIC_RECORD_NAME without schema_id or schema.',
    });
  });
});

describe('the subject', () => {
  test.each([
    [{}, 't-value'],
    [{ isKey: true }, 'x.R'],
    [{ strategy: 'RECORD_NAME' as const }, 'x.R'],
    [{ strategy: 'TOPIC_RECORD_NAME' as const }, 't-x.R'],
    [{ isKey: true, strategy: 'TOPIC_NAME' as const }, 't-key'],
    [{ subject: 'mine', strategy: 'RECORD_NAME' as const }, 'mine'],
  ])('%j makes %s', async (asked, subject) => {
    const store = under.storeOf({ keyStrategy: 'RECORD_NAME' });
    const found = await store.forProduce({ ...VALUE, text: NAMED, ...asked });
    expect(found.subject).toBe(subject);
    expect(under.server.count(`POST /subjects/${subject}/versions`)).toBe(1);
  });

  test('of a schema without a name is none for the strategies that need one', async () => {
    const store = under.storeOf({ valueStrategy: 'RECORD_NAME' });
    const message =
      'In configuration value.subject.name.strategy = io.confluent.kafka.serializers.subject.RecordNameStrategy, ' +
      'the message value must only be a record schema';
    await expect(store.forProduce({ ...VALUE, text: '"int"' })).rejects.toMatchObject({ kind: 'noSubject', message });
    expect(under.server.count()).toBe(0);
  });
});
