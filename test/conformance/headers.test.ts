import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { exchangeRaw } from '../harness/raw-http.ts';
import { produceJson } from '../harness/rest-consumer.ts';
import { createTopic } from '../harness/topics.ts';
import { JSON_V2, send, transmit, V2 } from './exchanges.ts';
import { instanceIn } from './instances.ts';

/** Observed: headers on everything. What holds for all answers is checked with each row of every table here. */

const proxy = useProxy();
const GZIP = { 'accept-encoding': 'gzip' };
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap);
  await produceJson(proxy.http, topic, ['x'.repeat(3000)]);
});

describe('x-request-id', () => {
  it.each([
    ['GET /'],
    ['GET /nothing'],
    ['PUT /'],
    ['OPTIONS /'],
    ['GET /openapi.json'],
    ['GET /consumers/g/instances/i/records'],
  ])('of the client comes back with %s', async (line) => {
    const answer = await transmit(proxy.http, send(line, { headers: { 'x-request-id': 'mine-1' } }));
    expect(answer.headers['x-request-id']).toBe('mine-1');
  });

  it('is made up where the client sent none that is usable, and is never the same twice', async () => {
    const ids = [
      (await transmit(proxy.http, send('GET /'))).headers['x-request-id'],
      (await transmit(proxy.http, send('GET /', { headers: { 'x-request-id': 'a b' } }))).headers['x-request-id'],
      (await transmit(proxy.http, send('GET /', { headers: { 'x-request-id': 'x'.repeat(200) } }))).headers[
        'x-request-id'
      ],
    ];
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/);
  });

  it('is on the answer to what was never a request, too', async () => {
    const malformed = await exchangeRaw(proxy.url, 'no request at all\r\n\r\n');
    expect(malformed.status).toBe(400);
    expect(malformed.headers['x-request-id']).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/);
    const refused = await exchangeRaw(proxy.url, 'GET / HTTP/1.1\r\nx-request-id: mine-2\r\n\r\n');
    expect(refused.status).toBe(400);
    expect(refused.headers['x-request-id']).toBe('mine-2');
  });
});

describe('malformed HTTP', () => {
  it('is told in JSON, and ends the connection', async () => {
    const answer = await exchangeRaw(proxy.url, 'GET /topics HTTP/1.1\r\nno colon\r\nHost: x\r\n\r\n');
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', connection: 'close' });
    expect(JSON.parse(answer.body)).toEqual({ error_code: 400, message: expect.stringMatching(/^Malformed HTTP/) });
  });

  it('a path that is not valid percent-encoding is 400', async () => {
    const answer = await transmit(proxy.http, send('GET /topics/%zz'));
    expect(answer.status).toBe(400);
    expect(answer.headers).not.toHaveProperty('content-type');
    expect(answer.text).toBe('{"error_code":400,"message":"The path is not valid percent-encoded UTF-8."}');
  });

  it('a verb that HTTP does not know is 400', async () => {
    expect((await exchangeRaw(proxy.url, 'FOO /topics HTTP/1.1\r\nHost: x\r\n\r\n')).status).toBe(400);
  });

  it('HTTP/1.0 without Host works', async () => {
    expect((await exchangeRaw(proxy.url, 'GET /brokers HTTP/1.0\r\n\r\n')).status).toBe(200);
  });

  it('a header over 8 KiB is 431', async () => {
    const answer = await exchangeRaw(proxy.url, `GET / HTTP/1.1\r\nHost: x\r\na: ${'x'.repeat(8200)}\r\n\r\n`);
    expect(answer.status).toBe(431);
    expect(answer.headers['connection']).toBe('close');
  });
});

describe('a connection', () => {
  it('stays open, and its answers say for how long when nobody uses it', async () => {
    for (const line of ['GET /brokers', 'DELETE /consumers/g/instances/nobody', 'GET /nothing', 'GET /topics/%zz']) {
      const answer = await transmit(proxy.http, send(line, { headers: { connection: 'keep-alive' } }));
      expect(answer.headers).toMatchObject({ connection: 'keep-alive', 'keep-alive': 'timeout=30' });
    }
  });

  it('is closed where the client asks for it', async () => {
    const answer = await transmit(proxy.http, send('GET /brokers', { headers: { connection: 'close' } }));
    expect(answer.headers['connection']).toBe('close');
    expect(answer.headers).not.toHaveProperty('keep-alive');
  });
});

describe('gzip', () => {
  it('packs answers from 2 KiB on, for those who ask', async () => {
    const consumer = await instanceIn('assigned', proxy, topic);
    const sent = send('GET {consumer}/records?timeout=10000', { headers: { ...GZIP, accept: JSON_V2 } });
    const answer = await transmit(proxy.http, sent, { consumer: consumer.path });
    expect(answer.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(answer.bytes.length),
      vary: 'Accept-Encoding, User-Agent',
    });
    const [record] = JSON.parse(gunzipSync(answer.bytes).toString()) as { value: string }[];
    expect(record?.value).toBe('x'.repeat(3000));
  });

  it('leaves smaller answers as they are', async () => {
    const answer = await transmit(proxy.http, send('GET /brokers', { headers: GZIP }));
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect(answer.text).toBe('{"brokers":[1]}');
  });

  it('is not used for those who refuse it', async () => {
    const headers = { 'accept-encoding': 'gzip;q=0' };
    const answer = await transmit(proxy.http, send('GET /topics/{topic}', { headers }), { topic });
    expect(answer.headers).not.toHaveProperty('content-encoding');
  });
});

describe('Content-Length', () => {
  it('is on every answer with a body; none is chunked', async () => {
    const answer = await transmit(proxy.http, send('GET /topics/{topic}', { accept: V2 }), { topic });
    expect(answer.headers).not.toHaveProperty('transfer-encoding');
    expect(answer.headers['content-length']).toBe(String(answer.bytes.length));
  });

  it('is what GET would send when HEAD asks', async () => {
    const head = await transmit(proxy.http, send('HEAD /topics/{topic}/partitions'), { topic });
    const get = await transmit(proxy.http, send('GET /topics/{topic}/partitions'), { topic });
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
  });
});
