import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/harness/conditions.ts';
import { fronted, problemsWith } from './fronted.ts';

describe('headers of answers', () => {
  it('are those of the configuration beside their own, or in place of them', async () => {
    const { call } = await fronted({
      'nosniff.prevention.enable': 'true',
      'hsts.header.enable': 'true',
      'response.http.headers.config':
        'set Vary: Accept, "add Cache-Control: no-cache, no-store", add X-Two: 1, add X-Two: 2, setDate Expires: 0',
    });
    const { headers, text } = await call('GET', '/topics');
    expect(text).toBe('served');
    expect(headers).toMatchObject({
      'content-type': 'text/x',
      'content-length': '6',
      vary: 'Accept',
      'cache-control': 'no-cache, no-store',
      'x-two': '1, 2',
      'x-content-type-options': 'nosniff',
    });
    expect(Date.parse(headers.expires ?? '')).toBeGreaterThan(Date.now() - 60_000);
    // It is for TLS alone.
    expect(headers['strict-transport-security']).toBeUndefined();
  });

  it.each<[string, (res: ServerResponse) => void]>([
    ['an object', (res) => void res.writeHead(201, { 'X-Own': 'a', 'X-Many': ['b', 'c'] }).end()],
    ['an object behind a reason', (res) => void res.writeHead(201, 'Made', { 'X-Own': 'a', 'X-Many': 'b, c' }).end()],
    ['pairs behind nothing', (res) => void res.writeHead(201, undefined, ['X-Own', 'a', 'X-Many', 'b, c']).end()],
  ])('are added to a head that is written as %s', async (_form, answer) => {
    const { call } = await fronted({ 'response.http.headers.config': 'add X-Extra: e' }, (_req, res) => answer(res));
    const { status, headers } = await call('GET', '/topics');
    expect([status, headers['x-own'], headers['x-many'], headers['x-extra']]).toEqual([201, 'a', 'b, c', 'e']);
  });

  it('are added to an answer that writes no head', async () => {
    const { call } = await fronted({ 'nosniff.prevention.enable': 'true' }, (_req, res) => void res.end('x'));
    expect((await call('GET', '/topics')).headers['x-content-type-options']).toBe('nosniff');
  });

  it.each(['X-A: b', 'set X A: b', 'set Content-Length: 5', 'setDate Expires: soon', 'add X: a" b', 'replace X: y'])(
    '%j is none',
    (value) => {
      expect(problemsWith({ 'response.http.headers.config': value })).toHaveLength(1);
    },
  );
});

describe('the access log', () => {
  const named = { 'request.logger.name': 'io.confluent.rest-utils.requests' };

  it('is not written unless it has a name', async () => {
    const { call, logged } = await fronted({});
    await call('GET', '/topics');
    expect(logged()).toEqual([]);
  });

  it('has a line for each request, with the id of its answer and none of its content', async () => {
    const { call, logged } = await fronted(named, (req, res) => {
      res.writeHead(404, { 'x-request-id': req.headers['x-request-id'] }).end('secret');
    });
    const answer = await call('POST', '/topics/t?token=secret', { body: 'secret', headers: { 'user-agent': 'me' } });
    await eventually(() => logged().length === 1, { deadlineMs: 5000, describe: 'the line' });
    expect(logged()[0]).toMatchObject({
      msg: 'request',
      logger: 'io.confluent.rest-utils.requests',
      requestId: answer.headers['x-request-id'],
      from: '127.0.0.1',
      method: 'POST',
      path: '/topics/t',
      httpVersion: '1.1',
      status: 404,
      ms: expect.any(Number),
      bytesOut: expect.any(Number),
      agent: 'me',
    });
    expect(answer.headers['x-request-id']).toBeDefined();
    expect(JSON.stringify(logged())).not.toContain('secret');
  });

  it('has no name and password of a URL that was sent whole', async () => {
    const { call, logged } = await fronted(named);
    await call('GET', 'http://somebody:secret@proxy.example/topics');
    await eventually(() => logged().length === 1, { deadlineMs: 5000, describe: 'the line' });
    expect(logged()[0]).toMatchObject({ path: '/topics' });
    expect(JSON.stringify(logged())).not.toContain('secret');
  });

  it('says of a client that left before its answer that it did', async () => {
    const held: ServerResponse[] = [];
    const { port, logged } = await fronted(named, (_req, res) => void held.push(res));
    const client = connect(port, '127.0.0.1', () => client.write('GET /topics HTTP/1.1\r\nhost: x\r\n\r\n'));
    await eventually(() => held.length === 1, { deadlineMs: 5000, describe: 'the request' });
    client.destroy();
    await once(held[0] as ServerResponse, 'close');
    await eventually(() => logged().length === 1, { deadlineMs: 5000, describe: 'the line' });
    expect(logged()[0]).toMatchObject({ status: 499 });
  });

  it('has requests that are turned away, too', async () => {
    const { call, logged } = await fronted({ ...named, 'reject.options.request': 'true' });
    await call('OPTIONS', '/topics');
    await eventually(() => logged().length === 1, { deadlineMs: 5000, describe: 'the line' });
    expect(logged()[0]).toMatchObject({ method: 'OPTIONS', status: 403 });
  });
});
