import { getEventListeners, setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePorts } from '../../../../test/harness/free-ports.ts';
import { RegistryClient } from '../../src/registry/registry-client.ts';
import { RegistryError, RegistryUnavailable } from '../../src/registry/registry-errors.ts';
import type { RegistryClientOptions } from '../../src/registry/registry-options.ts';
import { type FakeRegistryServer, startFakeRegistry } from './fake-registry.ts';

const RECORD = '{"type":"record","name":"R","fields":[]}';
const avro = (text: string) => ({ type: 'AVRO' as const, text, references: [] });

let registry: FakeRegistryServer;
const clients: RegistryClient[] = [];

beforeEach(async () => {
  registry = await startFakeRegistry();
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map(async (client) => await client.close()));
  await registry.server.close();
});

function clientOf(options: Partial<RegistryClientOptions> = {}): RegistryClient {
  const client = new RegistryClient({ urls: [registry.server.url], retryWaitMs: 1, retryMaxWaitMs: 2, ...options });
  clients.push(client);
  return client;
}

async function failureOf(promise: Promise<unknown>): Promise<Error & { readonly httpStatus?: number }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

describe('what is asked', () => {
  test('a schema by its id, below the path of the registry', async () => {
    const references = [{ name: 'a', subject: 's', version: 3 }];
    registry.fake.add('s', { schema: 'message M {}', schemaType: 'PROTOBUF', references });
    await expect(clientOf().schemaById(1)).resolves.toEqual({ type: 'PROTOBUF', text: 'message M {}', references });
    expect(new URL(registry.server.url).pathname).toBe('/registry');
    expect(registry.server.count('GET /schemas/ids/1')).toBe(1);
  });

  test('a schema without a type is Avro', async () => {
    registry.fake.add('s', { schema: RECORD });
    await expect(clientOf().schemaById(1)).resolves.toEqual(avro(RECORD));
  });

  test('which version of a subject a schema is; that Avro is Avro is not said', async () => {
    registry.fake.add('t-value', { schema: '"int"' });
    registry.fake.add('t-value', { schema: RECORD });
    const found = await clientOf().lookUp('t-value', avro(RECORD));
    expect(found).toEqual({ ...avro(RECORD), id: 2, version: 2 });
    const [request] = registry.server.requests;
    expect(JSON.parse(request?.body ?? '')).toEqual({ schema: RECORD });
    expect(request?.headers['content-type']).toBe('application/vnd.schemaregistry.v1+json');
    expect(request?.headers.accept).toContain('application/vnd.schemaregistry.v1+json');
    expect(request?.query).toBe('');
  });

  test('a registration with its type and references, in normal form if that is wished', async () => {
    const references = [{ name: 'a', subject: 's', version: 3 }];
    const client = clientOf({ normalize: true });
    await expect(client.register('j-value', { type: 'JSON', text: '{}', references })).resolves.toBe(1);
    await client.lookUp('j-value', { type: 'JSON', text: '{}', references }, { includeDeleted: true });
    const [registration, lookUp] = registry.server.requests;
    expect(registration).toMatchObject({ path: '/subjects/j-value/versions', query: '?normalize=true' });
    expect(JSON.parse(registration?.body ?? '')).toEqual({ schema: '{}', schemaType: 'JSON', references });
    expect(lookUp).toMatchObject({ path: '/subjects/j-value', query: '?normalize=true&deleted=true' });
  });

  test('a version, and the latest one', async () => {
    registry.fake.add('s', { schema: '"int"' });
    registry.fake.add('s', { schema: '"long"' });
    const client = clientOf();
    await expect(client.version('s', 1, { includeDeleted: true })).resolves.toMatchObject({ id: 1, version: 1 });
    await expect(client.version('s', 'latest')).resolves.toMatchObject({ id: 2, version: 2, text: '"long"' });
    expect(registry.server.requests.map(({ query }) => query)).toEqual(['?deleted=true', '']);
  });

  test.each(['a/b c', '../config', ':.ctx:s', 'ü%2F?#', 'a\ud800b'])(
    'the subject %j is one part of the path',
    async (subject) => {
      registry.fake.add(subject.replace('\ud800', '\ufffd'), { schema: '"int"' });
      await expect(clientOf().version(subject, 1)).resolves.toMatchObject({ id: 1 });
      expect(registry.server.requests[0]?.path.split('/')).toHaveLength(5);
    },
  );

  test.each(['', '.', '..'])(
    'the subject %j, which cannot be a part of a path, is refused without a request',
    async (subject) => {
      const client = clientOf();
      const error = { httpStatus: 422, errorCode: 42208 };
      await expect(client.lookUp(subject, avro('"int"'))).rejects.toMatchObject(error);
      await expect(client.register(subject, avro('"int"'))).rejects.toMatchObject(error);
      await expect(client.version(subject, 1)).rejects.toMatchObject(error);
      expect(registry.server.count()).toBe(0);
    },
  );
});

describe('a registry that says no', () => {
  test('is quoted as Confluent quotes it, and not asked again', async () => {
    const error = await failureOf(clientOf().schemaById(99_999));
    expect(error).toBeInstanceOf(RegistryError);
    expect(error.message).toBe('Schema 99999 not found; error code: 40403');
    expect(error).toMatchObject({ httpStatus: 404, errorCode: 40403 });
    expect(registry.server.count()).toBe(1);
  });

  test.each([400, 401, 403, 404, 409, 422, 501])('with status %d is not asked again', async (status) => {
    registry.server.fail(1, status);
    await expect(clientOf().schemaById(1)).rejects.toMatchObject({ httpStatus: status });
    expect(registry.server.count()).toBe(1);
  });

  test.each([408, 429, 500, 502, 503, 504])('with status %d is asked again', async (status) => {
    registry.fake.add('s', { schema: '"int"' });
    registry.server.fail(3, status);
    await expect(clientOf().schemaById(1)).resolves.toEqual(avro('"int"'));
    expect(registry.server.count()).toBe(4);
  });

  test('is given up after some tries, with what it said last', async () => {
    registry.server.fail(100, 503);
    const error = await failureOf(clientOf({ retriesMax: 2 }).register('s', avro('"int"')));
    expect(error.message).toBe('status 503; error code: 503');
    expect(registry.server.count()).toBe(3);
  });

  test('and for how long is heard: a wait beyond the deadline is not begun', async () => {
    registry.server.fail(1, 429, { 'retry-after': '3600' });
    await expect(clientOf().schemaById(1)).rejects.toMatchObject({ httpStatus: 429 });
    expect(registry.server.count()).toBe(1);
  });
});

describe('no answer', () => {
  test('nobody listens', async () => {
    const [port] = await freePorts(1);
    const error = await failureOf(clientOf({ urls: [`http://127.0.0.1:${port}`] }).schemaById(1));
    expect(error).toBeInstanceOf(RegistryUnavailable);
    expect(error.message).toBe('Connection refused');
  });

  test('a connection that is closed without an answer: the question is asked again, a registration too', async () => {
    registry.server.drop(2);
    await expect(clientOf().register('s', avro('"int"'))).resolves.toBe(1);
    expect(registry.server.count('POST /subjects/s/versions')).toBe(3);
  });

  test('all connections are closed', async () => {
    registry.server.drop(100);
    const error = await failureOf(clientOf().schemaById(1));
    expect(error).toBeInstanceOf(RegistryUnavailable);
    expect(error.message).toBe('Unexpected end of file from server');
  });

  test('an answer that takes too long, all tries together', async () => {
    registry.server.slow(60_000);
    const error = await failureOf(clientOf({ requestTimeoutMs: 50, retriesMax: 1 }).schemaById(1));
    expect(error).toBeInstanceOf(RegistryUnavailable);
    expect(error.message).toBe('Read timed out');
    expect(registry.server.count()).toBe(2);
    await expect(clientOf({ callTimeoutMs: 50 }).schemaById(1)).rejects.toThrow('Read timed out');
  });

  test('an answer that comes byte by byte does not outlast the deadline', async () => {
    registry.server.lie(() => (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 5);
      response.once('close', () => clearInterval(drip));
    });
    const error = await failureOf(clientOf({ requestTimeoutMs: 100, retriesMax: 0 }).schemaById(1));
    expect(error.message).toBe('Read timed out');
  });

  test('half an answer', async () => {
    registry.server.lie(() => (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"schema":');
      setImmediate(() => response.destroy());
    });
    const error = await failureOf(clientOf({ retriesMax: 1 }).schemaById(1));
    expect(error).toBeInstanceOf(RegistryUnavailable);
    expect(registry.server.count()).toBe(2);
  });

  test('something other than HTTP', async () => {
    registry.server.lie(() => (response) => response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const error = await failureOf(clientOf({ retriesMax: 0 }).schemaById(1));
    expect(error.message).toBe('Invalid Http response');
  });

  test('the caller gives up', async () => {
    registry.server.slow(60_000);
    const caller = new AbortController();
    const answer = failureOf(clientOf().schemaById(1, { signal: caller.signal }));
    caller.abort(new Error('no longer wanted'));
    expect((await answer).message).toBe('no longer wanted');
  });
});

describe('several addresses', () => {
  test('the next one is asked when one fails, and asked first from then on', async () => {
    const [port] = await freePorts(1);
    registry.fake.add('s', { schema: '"int"' });
    const outcomes: string[] = [];
    const client = clientOf({
      urls: [`http://127.0.0.1:${port}/registry`, registry.server.url],
      onRequest: (_operation, outcome) => outcomes.push(outcome),
    });
    await client.schemaById(1);
    expect(outcomes).toEqual(['unreachable', 'ok']);
    await client.schemaById(1);
    expect(outcomes).toEqual(['unreachable', 'ok', 'ok']);
  });

  test('what one says about a schema is not asked of another', async () => {
    const other = await startFakeRegistry();
    try {
      other.fake.add('s', { schema: '"int"' });
      const client = clientOf({ urls: [registry.server.url, other.server.url] });
      await expect(client.schemaById(1)).rejects.toMatchObject({ errorCode: 40403 });
      expect(other.server.count()).toBe(0);
      registry.server.fail(1, 500);
      await expect(client.schemaById(1)).resolves.toEqual(avro('"int"'));
    } finally {
      await other.server.close();
    }
  });

  test('there is no wait before the next one', async () => {
    const [port] = await freePorts(1);
    registry.fake.add('s', { schema: '"int"' });
    const urls = [`http://127.0.0.1:${port}/registry`, registry.server.url];
    // A wait would be longer than the call may take.
    const client = clientOf({ urls, retryWaitMs: 1e9, retryMaxWaitMs: 1e9 });
    await expect(client.schemaById(1)).resolves.toEqual(avro('"int"'));
  });

  test('each is tried once before the first is tried again', async () => {
    const other = await startFakeRegistry();
    try {
      registry.server.fail(100, 500);
      other.server.fail(100, 500);
      const client = clientOf({ urls: [registry.server.url, other.server.url], retriesMax: 1 });
      await expect(client.schemaById(1)).rejects.toMatchObject({ httpStatus: 500 });
      expect([registry.server.count(), other.server.count()]).toEqual([2, 2]);
    } finally {
      await other.server.close();
    }
  });
});

describe('bounds', () => {
  test('one call too many fails at once', async () => {
    registry.server.slow(60_000);
    const client = clientOf({ callsMax: 2 });
    const waiting = [failureOf(client.schemaById(1)), failureOf(client.schemaById(2))];
    await expect(client.schemaById(3)).rejects.toThrow('Too many calls');
    await client.close();
    await Promise.all(waiting);
  });

  test('many calls at a time are nothing to warn of, and leave no listener behind', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on('warning', hear);
    const caller = new AbortController();
    setMaxListeners(50, caller.signal);
    const client = clientOf();
    const ask = async (id: number): Promise<unknown> => await client.schemaById(id, { signal: caller.signal });
    await Promise.allSettled(Array.from({ length: 50 }, async (_, id) => await ask(id)));
    await new Promise(setImmediate);
    process.off('warning', hear);
    expect(warnings).toEqual([]);
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
  });

  test('calls that ended make room', async () => {
    const client = clientOf({ callsMax: 1 });
    await expect(client.schemaById(1)).rejects.toMatchObject({ errorCode: 40403 });
    await expect(client.schemaById(1)).rejects.toMatchObject({ errorCode: 40403 });
  });

  test('a close ends what is under way, and all that comes later', async () => {
    registry.server.slow(60_000);
    const client = clientOf();
    const waiting = failureOf(client.schemaById(1));
    await client.close();
    expect((await waiting).message).toBe('The client of the schema registry is closed');
    await expect(client.schemaById(1)).rejects.toBeInstanceOf(RegistryUnavailable);
  });

  test('a close ends a wait between two tries', async () => {
    registry.server.fail(100, 503);
    const client = clientOf({ retryWaitMs: 1e9, retryMaxWaitMs: 1e9, callTimeoutMs: 2e9 });
    const waiting = failureOf(client.schemaById(1));
    await expect.poll(() => registry.server.count()).toBe(1);
    await client.close();
    expect((await waiting).message).toBe('The client of the schema registry is closed');
  });

  test('no more connections than allowed', async () => {
    let open = 0;
    let most = 0;
    registry.server.lie(() => (response) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        response.writeHead(200).end('{"schema":"1"}');
      }, 2);
    });
    const client = clientOf({ connectionsMax: 3 });
    await Promise.all(Array.from({ length: 30 }, async (_, id) => await client.schemaById(id)));
    expect(most).toBe(3);
  });
});

describe('who watches', () => {
  test('hears of each exchange: what was asked, what came of it, how long it took', async () => {
    const heard: [string, string][] = [];
    const client = clientOf({
      onRequest: (operation, outcome, seconds) => {
        heard.push([operation, outcome]);
        expect(seconds).toBeGreaterThan(0);
        expect(seconds).toBeLessThan(60);
      },
    });
    registry.server.fail(1, 503);
    await client.register('s', avro('"int"'));
    await client.lookUp('s', avro('"int"'));
    await failureOf(client.version('s', 7));
    registry.server.lie(() => ({ status: 200, body: '<html>' }));
    await failureOf(client.schemaById(1));
    expect(heard).toEqual([
      ['register', 'refused'],
      ['register', 'ok'],
      ['lookUp', 'ok'],
      ['version', 'refused'],
      ['schemaById', 'broken'],
    ]);
  });
});
