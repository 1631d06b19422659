import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { leavesNothingBehind, sumOf } from '../../harness/footprint.ts';
import { useProxy } from '../../harness/proxy.ts';
import { exchangeRaw, openRaw, type RawAnswer } from '../../harness/raw-http.ts';

const HOST = 'Host: proxy.example\r\n';
const GET_ROOT = `GET / HTTP/1.1\r\n${HOST}\r\n`;
const POST_CHUNKED = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;
const BODY_MAX = 100_000;

const proxy = useProxy({ 'sluice.http.body.max.bytes': String(BODY_MAX) });
leavesNothingBehind(proxy);

beforeAll(async () => {
  await proxy.http.call('GET', '/brokers');
});

function expectError(answer: RawAnswer, status: number): void {
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toEqual({ error_code: status, message: expect.stringMatching(/./) });
}

describe('a request that is no HTTP/1.1', () => {
  it.each([
    ['garbage', 'hello world\r\n\r\n', 400],
    ['an unknown method in lower case', `get / HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['line feeds alone', 'GET / HTTP/1.1\nHost: x\n\n', 400],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, 400],
    ['NUL in a header', `GET / HTTP/1.1\r\n${HOST}a: x\0y\r\n\r\n`, 400],
    ['a control character in a header', `GET / HTTP/1.1\r\n${HOST}a: x\x01y\r\n\r\n`, 400],
    ['NUL in the path', `GET /topics/a\0b HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['bytes above ASCII in the path', Buffer.from(`GET /topics/é HTTP/1.1\r\n${HOST}\r\n`), 400],
    ['a path that is not valid percent-encoding', `GET /topics/%zz HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['a path that is not UTF-8 once decoded', `GET /topics/%ff%fe HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['a folded header', `GET / HTTP/1.1\r\n${HOST}a: x\r\n y\r\n\r\n`, 400],
    ['white space before the colon', `GET / HTTP/1.1\r\n${HOST}a : x\r\n\r\n`, 400],
    ['HTTP/0.9', 'GET /\r\n\r\n', 505],
    ['HTTP/2 by name', `GET / HTTP/2.0\r\n${HOST}\r\n`, 505],
    ["HTTP/2's preface", 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['a tunnel', `CONNECT elsewhere:1 HTTP/1.1\r\n${HOST}\r\n`, 405],
    ['an unknown expectation', `POST / HTTP/1.1\r\n${HOST}Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}`, 417],
    ['a header of 9 KB', `GET / HTTP/1.1\r\n${HOST}a: ${'x'.repeat(9000)}\r\n\r\n`, 431],
    ['a path of 9 KB', `GET /${'x'.repeat(9000)} HTTP/1.1\r\n${HOST}\r\n`, 431],
    ['300 headers', `GET / HTTP/1.1\r\n${HOST}${'a:1\r\n'.repeat(300)}\r\n`, 431],
    ['10,000 headers', `GET / HTTP/1.1\r\n${HOST}${'a:1\r\n'.repeat(10_000)}\r\n`, 431],
  ])('%s: %#', async (_name, request, status) => {
    expectError(await exchangeRaw(proxy.url, request), status);
  });

  it('counts in a metric, by status', async () => {
    const counted = async (): Promise<number> => await sumOf(proxy, 'sluice_http_refused_total', 'status="431"');
    const start = await counted();
    await exchangeRaw(proxy.url, `GET / HTTP/1.1\r\n${HOST}a: ${'x'.repeat(9000)}\r\n\r\n`);
    expect(await counted()).toBe(start + 1);
  });
});

describe('a body whose length is in doubt is refused with 400', () => {
  it.each([
    ['Content-Length twice', 'Content-Length: 2\r\nContent-Length: 2', '{}'],
    ['two different Content-Lengths', 'Content-Length: 2\r\nContent-Length: 5', '{}'],
    ['a list of lengths', 'Content-Length: 2, 2', '{}'],
    ['a negative length', 'Content-Length: -1', '{}'],
    ['a length beyond 64 bits', 'Content-Length: 99999999999999999999999', '{}'],
    [
      'Transfer-Encoding with Content-Length',
      'Transfer-Encoding: chunked\r\nContent-Length: 2',
      '2\r\n{}\r\n0\r\n\r\n',
    ],
    ['chunked not last', 'Transfer-Encoding: chunked, gzip', '2\r\n{}\r\n0\r\n\r\n'],
    ['an unknown coding', 'Transfer-Encoding: xchunked', '2\r\n{}\r\n0\r\n\r\n'],
    ['a chunk size that is no number', 'Transfer-Encoding: chunked', 'zz\r\n{}\r\n0\r\n\r\n'],
    ['a chunk size beyond 64 bits', 'Transfer-Encoding: chunked', 'ffffffffffffffff1\r\n{}\r\n0\r\n\r\n'],
    ['a chunk longer than its size', 'Transfer-Encoding: chunked', '2\r\n{}}}\r\n0\r\n\r\n'],
    ['a chunk extension of 20 KB', 'Transfer-Encoding: chunked', `2;a=${'b'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`],
  ])('%s', async (_name, headers, body) => {
    expectError(await exchangeRaw(proxy.url, `POST / HTTP/1.1\r\n${HOST}${headers}\r\n\r\n${body}`), 400);
  });
});

describe('what is unusual but right', () => {
  it.each([
    ['HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n'],
    ['an absolute target', `GET http://elsewhere:99/ HTTP/1.1\r\n${HOST}\r\n`],
    ['an absolute target without a path', `GET http://elsewhere HTTP/1.1\r\n${HOST}\r\n`],
    ['an offer to upgrade', `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`],
    ['200 headers', `GET / HTTP/1.1\r\n${HOST}${'a:1\r\n'.repeat(199)}\r\n`],
    ['a chunked body', `${POST_CHUNKED}1\r\n{\r\n1\r\n}\r\n0\r\n\r\n`],
    ['a chunked body with a trailer', `${POST_CHUNKED}2\r\n{}\r\n0\r\nx: y\r\n\r\n`],
    ['a body on GET', `GET / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`],
  ])('%s: 200', async (_name, request) => {
    expect(await exchangeRaw(proxy.url, request)).toMatchObject({ status: 200, body: '{}' });
  });

  it('OPTIONS * is not found', async () => {
    expectError(await exchangeRaw(proxy.url, `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`), 404);
  });

  it('a body on HEAD: the headers of GET, no body', async () => {
    const connection = await openRaw(proxy.url);
    connection.send(`HEAD / HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: 5\r\n\r\nhello`);
    await connection.closed();
    expect(connection.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 2\r\n[^]*\r\n\r\n$/);
    connection.vanish();
  });
});

describe('several requests at once on one connection', () => {
  it('are answered in their order', async () => {
    const connection = await openRaw(proxy.url);
    connection.send(`GET /brokers HTTP/1.1\r\n${HOST}\r\n${GET_ROOT}GET /nope HTTP/1.1\r\n${HOST}\r\n`);
    const answers = await connection.answered(3);
    expect(answers.map(({ status, body }) => [status, body.slice(0, 10)])).toEqual([
      [200, '{"brokers"'],
      [200, '{}'],
      [404, '{"error_co'],
    ]);
    connection.vanish();
  });

  it('do not get the refusal of a later, malformed one as their own answer', async () => {
    const connection = await openRaw(proxy.url);
    connection.send(`GET /brokers HTTP/1.1\r\n${HOST}\r\n${GET_ROOT}garbage\r\n\r\n`);
    const answers = await connection.answered(3);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400]);
    await connection.closed();
    connection.vanish();
  });

  it.each(['DELETE /consumers/g/instances/i', 'GET /', 'POST /nope'])(
    'an unread body of %s is not taken for a request, nor does it cost the next one its answer',
    async (target) => {
      const body = `GET /brokers HTTP/1.1\r\n${HOST}\r\n`;
      const connection = await openRaw(proxy.url);
      connection.send(`${target} HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n\r\n${body}`);
      connection.send(`GET /after HTTP/1.1\r\n${HOST}\r\n`);
      const answers = await connection.answered(2);
      expect(answers.map((answer) => answer.body)).not.toContainEqual(expect.stringContaining('"brokers"'));
      expectError(answers[1] as RawAnswer, 404);
      connection.vanish();
    },
  );
});

describe('a client that asks before it sends its body', () => {
  const asking = (target: string, length: number): string =>
    `POST ${target} HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

  it('is told to go on where the body will be read', async () => {
    const connection = await openRaw(proxy.url);
    connection.send(asking('/', 2));
    await expect.poll(() => connection.text()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    connection.send('{}');
    expect(await connection.answered(1)).toMatchObject([{ status: 200, body: '{}' }]);
    connection.vanish();
  });

  it.each([
    ['too large', asking('/', BODY_MAX + 1), 413],
    ['for a path that does not exist', asking('/nope', 2), 404],
  ])('gets the refusal at once when it is %s', async (_name, request, status) => {
    const connection = await openRaw(proxy.url);
    connection.send(request);
    const [answer] = await connection.answered(1);
    expectError(answer as RawAnswer, status);
    expect(connection.text()).not.toContain('100 Continue');
    connection.vanish();
  });
});

describe('a body beyond sluice.http.body.max.bytes', () => {
  const tooLarge = {
    error_code: 413,
    message: `The request body is larger than ${BODY_MAX} bytes (sluice.http.body.max.bytes).`,
  };

  it.each([
    ['as Content-Length says', `POST / HTTP/1.1\r\n${HOST}Content-Length: ${20 * BODY_MAX}\r\n\r\n`],
    ['as its chunks show', `${POST_CHUNKED}${(20 * BODY_MAX).toString(16)}\r\n`],
  ])('answers 413 to a client that reads only when it has sent everything, %s', async (_name, head) => {
    const connection = await openRaw(proxy.url);
    connection.stopReading();
    connection.send(head);
    for (let i = 0; i < 20; i += 1) {
      connection.send(Buffer.alloc(BODY_MAX, 0x20));
      await delay(10);
    }
    connection.goOnReading();
    const [answer] = await connection.answered(1);
    expect(answer).toMatchObject({ status: 413, headers: { connection: 'close' } });
    expect(JSON.parse(answer?.body ?? '')).toEqual(tooLarge);
    await connection.closed();
    connection.vanish();
  });
});
