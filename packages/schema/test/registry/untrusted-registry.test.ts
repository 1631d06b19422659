import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FaultyRegistry, type Liar, startFaultyRegistry } from '../../../../test/harness/faulty-registry.ts';
import { RegistryClient } from '../../src/registry/registry-client.ts';
import { RegistryError } from '../../src/registry/registry-errors.ts';

const MAX_BYTES = 10_000;
const SCHEMA = { type: 'AVRO' as const, text: '"int"', references: [] };

let server: FaultyRegistry;
let client: RegistryClient;

beforeEach(async () => {
  server = await startFaultyRegistry('http://127.0.0.1:1');
  client = new RegistryClient({ urls: [server.url], retryWaitMs: 1, retryMaxWaitMs: 1, answerMaxBytes: MAX_BYTES });
});

afterEach(async () => {
  await client.close();
  await server.close();
});

function answerWith(body: unknown, status = 200): void {
  server.lie(() => ({ status, body: typeof body === 'string' ? body : JSON.stringify(body) }));
}

async function refusal(promise: Promise<unknown>): Promise<RegistryError> {
  const error: unknown = await promise.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RegistryError);
  return error as RegistryError;
}

const GOOD = { id: 1, version: 1, schema: '"int"' };

describe('an answer that is no answer is an error that says what is wrong', () => {
  test.each([
    ['', 'it is no JSON object'],
    ['<html>Welcome</html>', 'it is no JSON object'],
    ['{"schema":', 'it is no JSON object'],
    ['null', 'it is no JSON object'],
    ['[]', 'it is no JSON object'],
    ['"schema"', 'it is no JSON object'],
    ['{}', 'schema is no string'],
    ['{"schema":7}', 'schema is no string'],
    ['{"schema":{"type":"int"}}', 'schema is no string'],
    ['{"__proto__":{"schema":"x"}}', 'schema is no string'],
    ['{"schema":"x","schemaType":"THRIFT"}', 'schemaType is none of AVRO, JSON, PROTOBUF'],
    ['{"schema":"x","schemaType":["AVRO"]}', 'schemaType is none of AVRO, JSON, PROTOBUF'],
    ['{"schema":"x","schemaType":"constructor"}', 'schemaType is none of AVRO, JSON, PROTOBUF'],
    ['{"schema":"x","references":{}}', 'references is no array'],
    ['{"schema":"x","references":[null]}', 'a reference is no object'],
    ['{"schema":"x","references":[{"name":"a","subject":"s"}]}', 'a reference lacks its name, subject or version'],
    [
      '{"schema":"x","references":[{"name":1,"subject":"s","version":1}]}',
      'a reference lacks its name, subject or version',
    ],
  ])('%s', async (body, fault) => {
    answerWith(body);
    const error = await refusal(client.schemaById(1));
    expect(error.message).toBe(`The schema registry's answer is not usable: ${fault}; error code: 50005`);
    expect(server.count()).toBe(1);
  });

  test.each([null, 'one', '1', 1.5, -1, 2 ** 31, 1e300, [1], {}])('the id %j', async (id) => {
    answerWith({ ...GOOD, id });
    const text = 'id is no integer of 32 bits';
    expect((await refusal(client.register('s', SCHEMA))).message).toContain(text);
    expect((await refusal(client.lookUp('s', SCHEMA))).message).toContain(text);
    expect((await refusal(client.version('s', 1))).message).toContain(text);
  });

  test('no version', async () => {
    answerWith({ ...GOOD, version: undefined });
    expect((await refusal(client.lookUp('s', SCHEMA))).message).toContain('version is no integer of 32 bits');
  });

  test('the largest id is one', async () => {
    answerWith({ id: 2 ** 31 - 1 });
    await expect(client.register('s', SCHEMA)).resolves.toBe(2 ** 31 - 1);
  });

  test('fields that nobody knows are none of ours', async () => {
    answerWith({ ...GOOD, guid: 'x', metadata: {}, references: null, schemaType: null });
    await expect(client.version('s', 1)).resolves.toEqual({ ...SCHEMA, id: 1, version: 1 });
  });

  test('any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.constantFrom(200, 201, 404, 409), async (body, status) => {
        answerWith(body, status);
        for (const call of [client.schemaById(1), client.register('s', SCHEMA), client.lookUp('s', SCHEMA)]) {
          await refusal(call);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('errors that make no sense', () => {
  test('a page is not repeated: it may show the request with its credentials', async () => {
    answerWith('<html>502 for Authorization: Basic c2VjcmV0</html>', 403);
    const error = await refusal(client.schemaById(1));
    expect(error.message).toBe(
      "The schema registry's answer is not usable: status 403 without an error message; error code: 50005",
    );
    expect(error.httpStatus).toBe(403);
  });

  test.each([
    ['{"error_code":"40403","message":"no"}', 'no; error code: 404'],
    ['{"error_code":1e300,"message":"no"}', 'no; error code: 404'],
    ['{"message":"no"}', 'no; error code: 404'],
  ])('%s has the code of its status', async (body, message) => {
    answerWith(body, 404);
    expect((await refusal(client.schemaById(1))).message).toBe(message);
  });

  test('what is said at length is cut', async () => {
    const long = new RegistryClient({ urls: [server.url], answerMaxBytes: 1e6 });
    answerWith({ error_code: 409, message: 'x'.repeat(100_000) }, 409);
    const { message } = await refusal(long.register('s', SCHEMA));
    expect(message.length).toBeLessThan(20_000);
    expect(message).toMatch(/…; error code: 409$/);
    await long.close();
  });
});

describe('an answer that is too large is not read to its end', () => {
  test('and says so beforehand', async () => {
    answerWith({ schema: 'x'.repeat(MAX_BYTES) });
    expect((await refusal(client.schemaById(1))).message).toContain('it has more than 10000 bytes');
    expect(server.count()).toBe(1);
  });

  test('or has no end', async () => {
    let written = 0;
    server.lie(() => (response) => {
      response.writeHead(200);
      const pour = setInterval(() => {
        written += 5000;
        response.write(' '.repeat(5000));
      }, 1);
      response.once('close', () => clearInterval(pour));
    });
    expect((await refusal(client.schemaById(1))).message).toContain('it has more than 10000 bytes');
    expect(written).toBeLessThan(10 * MAX_BYTES);
  });
});

describe('a redirect is not followed', () => {
  test.each([301, 302, 303, 307, 308])('%d', async (status) => {
    const other = await startFaultyRegistry('http://127.0.0.1:1');
    const location = `${other.url}/schemas/ids/1`;
    const liar: Liar = () => ({ status, headers: { location }, body: '{"schema":"x","message":"there"}' });
    server.lie(liar);
    expect((await refusal(client.schemaById(1))).message).toContain(`a redirect (${status}), which is not followed`);
    expect(other.count()).toBe(0);
    await other.close();
  });
});
