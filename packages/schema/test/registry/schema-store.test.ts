import { describe, expect, test } from 'vitest';
import type { FakeCodec } from './fake-codec.ts';
import { storeUnderTest } from './store-under-test.ts';

const NAMED = '{"name":"x.R"}';

const under = storeUnderTest();

describe('the schema of an id', () => {
  test('is asked for once and known from then on', async () => {
    under.fake.add('s', { schema: NAMED });
    const store = under.storeOf();
    expect(store.known(1)).toBeUndefined();
    const codec = await store.load(1);
    expect(codec).toMatchObject({ type: 'AVRO', text: NAMED });
    expect(store.known(1)).toBe(codec);
    await expect(store.load(1)).resolves.toBe(codec);
    expect(under.server.count()).toBe(1);
  });

  test('a thousand who want it at once ask once', async () => {
    under.fake.add('s', { schema: NAMED });
    under.server.slow(20);
    const store = under.storeOf();
    const codecs = await Promise.all(Array.from({ length: 1000 }, async () => await store.load(1)));
    expect(new Set(codecs).size).toBe(1);
    expect(under.server.count()).toBe(1);
    expect(under.compiled).toHaveLength(1);
  });

  test('is unknown: said as Confluent says it, and for a moment without asking', async () => {
    const store = under.storeOf({ missingMs: 30 });
    const kind = 'notFound';
    const message = 'Error when fetching schema by id. schemaId = 99999\nSchema 99999 not found; error code: 40403';
    await expect(store.load(99_999)).rejects.toMatchObject({ kind, message });
    await expect(store.load(99_999)).rejects.toMatchObject({ kind, message });
    expect(under.server.count()).toBe(1);
    await expect
      .poll(async () => {
        await store.load(99_999).catch(() => undefined);
        return under.server.count();
      })
      .toBe(2);
  });

  test('a negative one, which anybody can write to a topic, is not asked for', async () => {
    const message = 'Error when fetching schema by id. schemaId = -1\nSchema -1 not found; error code: 40403';
    await expect(under.storeOf().load(-1)).rejects.toMatchObject({ kind: 'notFound', message });
    expect(under.server.count()).toBe(0);
  });

  test('a failure of the registry is shared by who waits and not remembered', async () => {
    under.fake.add('s', { schema: NAMED });
    const store = under.storeOf();
    under.server.fail(4, 500);
    const failures = await Promise.allSettled([store.load(1), store.load(1), store.load(1)]);
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(under.server.count()).toBe(4);
    await expect(store.load(1)).resolves.toMatchObject({ text: NAMED });
  });

  test.each([
    [401, 401, 'refused', '\nno; error code: 401'],
    [403, 403, 'refused', '\nno; error code: 403'],
    [403, 40301, 'forbidden', ''],
    [503, 50301, 'unavailable', '\nno; error code: 50301'],
  ])('the registry answers %d with the code %d: %s', async (status, code, kind, text) => {
    under.server.lie(() => ({ status, body: JSON.stringify({ error_code: code, message: 'no' }) }));
    const message = `Error when fetching schema by id. schemaId = 1${text}`;
    await expect(under.storeOf().load(1)).rejects.toMatchObject({ kind, message });
  });

  test('the registry is away', async () => {
    const store = under.storeOf();
    await under.server.close();
    const message = 'Error when fetching schema by id. schemaId = 1\nConnection refused';
    await expect(store.load(1)).rejects.toMatchObject({ kind: 'unavailable', message });
    await under.server.listen('http');
  });

  test('the registry talks nonsense', async () => {
    under.server.lie(() => ({ status: 200, body: '<html>' }));
    await expect(under.storeOf().load(1)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('the registry is too slow, with all that is asked', async () => {
    under.server.slow(60_000);
    const message = 'Error when fetching schema by id. schemaId = 1\nRead timed out';
    await expect(under.storeOf({ resolutionTimeoutMs: 20 }).load(1)).rejects.toMatchObject({
      kind: 'unavailable',
      message,
    });
  });

  test('is none that can be used: said for a moment without asking', async () => {
    under.fake.add('s', { schema: 'no JSON' });
    const store = under.storeOf();
    const message = 'Error when fetching schema by id. schemaId = 1\nno JSON';
    await expect(store.load(1)).rejects.toMatchObject({ kind: 'unusable', message });
    await expect(store.load(1)).rejects.toMatchObject({ kind: 'unusable', message });
    expect(under.server.count()).toBe(1);
  });

  test('is too large', async () => {
    under.fake.add('s', { schema: JSON.stringify('ö'.repeat(50)) });
    const store = under.storeOf({ schemaMaxBytes: 101 });
    await expect(store.load(1)).rejects.toMatchObject({ kind: 'unusable', message: /larger than 101 bytes/ });
    expect(under.compiled).toHaveLength(0);
    await expect(under.storeOf({ schemaMaxBytes: 102 }).load(1)).resolves.toBeDefined();
  });

  test('what was used longest ago is forgotten first, by number and by size', async () => {
    for (let id = 1; id <= 3; id += 1) under.fake.add('s', { schema: JSON.stringify('x'.repeat(100 + id)) });
    const few = under.storeOf({ schemasMax: 2 });
    const small = under.storeOf({ schemasMaxBytes: 30_000 });
    for (const store of [few, small]) {
      await store.load(1);
      await store.load(2);
      store.known(1);
      await store.load(3);
      expect([1, 2, 3].map((id) => store.known(id) !== undefined)).toEqual([true, false, true]);
    }
  });

  test('counts for the memory that it may take, and one that is too large for all of it is kept alone', async () => {
    for (const size of [1000, 10, 20]) under.fake.add('s', { schema: JSON.stringify('x'.repeat(size)) });
    const store = under.storeOf({ schemasMaxBytes: 20_000 });
    await store.load(1);
    expect(store.known(1)).toBeDefined();
    await store.load(2);
    await store.load(3);
    expect([1, 2, 3].map((id) => store.known(id) !== undefined)).toEqual([false, true, true]);
  });

  test('how long each compilation took is told, failed or not', async () => {
    under.fake.add('s', { schema: '"int"' });
    under.fake.add('s', { schema: 'no JSON', schemaType: 'JSON' });
    const heard: string[] = [];
    const store = under.storeOf({
      onCompiled: (type, seconds) => {
        heard.push(type);
        expect(seconds).toBeGreaterThanOrEqual(0);
      },
    });
    await store.load(1);
    await store.load(2).catch(() => undefined);
    expect(heard).toEqual(['AVRO', 'JSON']);
  });
});

describe('references', () => {
  const refer = (name: string, subject: string, version = 1) => ({ name, subject, version });

  test('are there before what needs them, each once', async () => {
    under.fake.add('c', { schema: '"c"' });
    under.fake.add('b', { schema: '"b"', references: [refer('C', 'c')] });
    under.fake.add('a', { schema: '"a"', references: [refer('C', 'c'), refer('B', 'b')] });
    under.fake.add('top', { schema: '"top"', references: [refer('B', 'b'), refer('A', 'a')] });
    const codec = (await under.storeOf().load(4)) as FakeCodec;
    expect(codec.source).toMatchObject({
      text: '"top"',
      references: [refer('B', 'b'), refer('A', 'a')],
      dependencies: [
        { name: 'C', text: '"c"' },
        { name: 'B', text: '"b"' },
        { name: 'A', text: '"a"' },
      ],
    });
    expect(under.server.count('GET /subjects/c/versions/1')).toBe(1);
    expect(under.server.requests.slice(1).every(({ query }) => query === '?deleted=true')).toBe(true);
  });

  test('to itself are refused', async () => {
    under.fake.add('a', { schema: '"a"', references: [refer('B', 'b')] });
    under.fake.add('b', { schema: '"b"', references: [refer('A', 'a')] });
    const message = /refers to itself by version 1 of b$/;
    await expect(under.storeOf().load(1)).rejects.toMatchObject({ kind: 'unusable', message });
  });

  test('to too many are refused', async () => {
    const references = Array.from({ length: 4 }, (_, i) => refer(`N${i}`, `s${i}`));
    for (const { subject } of references) under.fake.add(subject, { schema: JSON.stringify(subject) });
    under.fake.add('top', { schema: '1', references });
    await expect(under.storeOf({ referencesMax: 3 }).load(5)).rejects.toMatchObject({ message: /more than 3 others$/ });
    await expect(under.storeOf({ referencesMax: 4 }).load(5)).resolves.toBeDefined();
  });

  test('that go too deep are refused', async () => {
    for (let i = 1; i <= 4; i += 1) {
      under.fake.add(`s${i}`, { schema: `${i}`, references: i === 1 ? [] : [refer(`N${i - 1}`, `s${i - 1}`)] });
    }
    await expect(under.storeOf({ referenceDepthMax: 2 }).load(4)).rejects.toMatchObject({
      message: /more than 2 deep$/,
    });
    await expect(under.storeOf({ referenceDepthMax: 3 }).load(4)).resolves.toBeDefined();
  });

  test('count for the size', async () => {
    under.fake.add('a', { schema: JSON.stringify('x'.repeat(60)) });
    under.fake.add('b', { schema: JSON.stringify('y'.repeat(60)), references: [refer('A', 'a')] });
    await expect(under.storeOf({ schemaMaxBytes: 100 }).load(2)).rejects.toMatchObject({ kind: 'unusable' });
    await expect(under.storeOf({ schemaMaxBytes: 124 }).load(2)).resolves.toBeDefined();
  });

  test('that lead nowhere', async () => {
    under.fake.add('a', { schema: '"a"', references: [refer('B', 'gone')] });
    const message = "Error when fetching schema by id. schemaId = 1\nSubject 'gone' not found.; error code: 40401";
    await expect(under.storeOf().load(1)).rejects.toMatchObject({ kind: 'notFound', message });
  });
});
