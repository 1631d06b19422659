import { Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { formatAttempt, formatPeerNode, peerHeaders } from '@sluice/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deferred, within } from '../../../test/harness/conditions.ts';
import { httpClient } from '../../../test/harness/http.ts';
import { openRaw } from '../../../test/harness/raw-http.ts';
import { identity, limits, type StartedPeerServer, secret, startedPeerServer } from './started-peer-server.ts';

const peer: OutgoingHttpHeaders = {
  [peerHeaders.secret]: secret,
  [peerHeaders.target]: formatPeerNode(identity),
};
const attempted: OutgoingHttpHeaders = { ...peer, ...formatAttempt({ requestId: 'r-1', epoch: 7 }) };

function rawHead(what: string, headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  return `${what} HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`;
}

describe('who is no peer', () => {
  it.each<[string, OutgoingHttpHeaders]>([
    ['no secret', { [peerHeaders.secret]: undefined }],
    ['an empty secret', { [peerHeaders.secret]: '' }],
    ['a wrong secret', { [peerHeaders.secret]: `${secret}!` }],
    ['the secret twice', { [peerHeaders.secret]: [secret, secret] }],
    ['a wrong secret and a wrong target', { [peerHeaders.secret]: 'x', [peerHeaders.target]: 'other;1' }],
  ])('is refused with %s, told nothing, and nothing is done', async (_what, headers) => {
    let called = 0;
    const server = await startedPeerServer({ calls: new Map([['drain', async () => ({ status: 200 + called++ })]]) });
    const given = Object.fromEntries(
      Object.entries({ ...attempted, ...headers }).filter(([, value]) => value !== undefined),
    );
    for (const path of ['/topics', '/x-sluice/drain', '/x-sluice/nope']) {
      const answer = await httpClient(server.url).call('POST', path, { headers: given, body: '{}' });
      expect([answer.status, answer.text]).toEqual([403, '{"error_code":403,"message":"HTTP 403 Forbidden"}']);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-'))).toEqual([]);
    }
    expect([called, server.served]).toEqual([0, []]);
  });

  it('sees its 403 although it sends a large body, and the connection ends with it', async () => {
    const { url } = await startedPeerServer();
    const connection = await openRaw(url);
    onTestFinished(() => connection.vanish());
    connection.send('POST /topics/t HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n');
    connection.send(Buffer.alloc(100_000));
    const [answer] = await connection.answered(1);
    expect([answer?.status, answer?.headers['connection']]).toEqual([403, 'close']);
    connection.send(Buffer.alloc(100_000));
    await connection.closed();
  });
});

describe('a peer', () => {
  it.each([
    ['another node', 'node-2;boot-1'],
    ['an earlier life of this one', formatPeerNode({ ...identity, boot: 'boot-0' })],
    ['nobody', undefined],
  ])('that means %s is told that nothing was done', async (_whom, target) => {
    const server = await startedPeerServer();
    const headers = { ...attempted };
    if (target === undefined) delete headers[peerHeaders.target];
    else headers[peerHeaders.target] = target;
    const answer = await httpClient(server.url).call('GET', '/topics', { headers });
    expect([answer.status, answer.headers[peerHeaders.notAccepted], answer.json()]).toEqual([
      421,
      '1',
      { error_code: 421, message: 'HTTP 421 Misdirected Request' },
    ]);
    expect(server.served).toEqual([]);
  });

  it.each<[string, OutgoingHttpHeaders]>([
    ['without a request id', peer],
    ['with an epoch that is no number', { ...attempted, [peerHeaders.attempt]: 'r-1 seven' }],
    ['with half a claim', { ...attempted, [peerHeaders.claim]: 'node-1' }],
  ])('that sends an attempt %s gets 400', async (_how, headers) => {
    const server = await startedPeerServer();
    expect((await httpClient(server.url).call('GET', '/topics', { headers })).status).toBe(400);
    expect(server.served).toEqual([]);
  });

  it('has its attempt served, which no longer carries the secret', async () => {
    const server = await startedPeerServer();
    const answer = await httpClient(server.url).call('GET', '/consumers/g/instances/i/records?timeout=1', {
      headers: attempted,
    });
    expect([answer.status, answer.text]).toEqual([200, 'served']);
    expect(server.served).toEqual([
      {
        url: '/consumers/g/instances/i/records?timeout=1',
        secret: undefined,
        attempt: { requestId: 'r-1', epoch: 7, claim: undefined },
      },
    ]);
  });

  it('cannot be made to call by the path that its client asked for', async () => {
    let drained = false;
    const calls = new Map([
      [
        'drain',
        async () => {
          drained = true;
          return { status: 202 };
        },
      ],
    ]);
    const server = await startedPeerServer({ calls });
    const answer = await httpClient(server.url).call('POST', '/x-sluice/drain', { headers: attempted, body: '{}' });
    expect([answer.text, drained]).toEqual(['served', false]);
  });

  it('may send as large a header as a client, beside its own', async () => {
    const server = await startedPeerServer();
    const headers = { ...attempted, cookie: 'c'.repeat(limits.headerMaxBytes - 100) };
    expect((await httpClient(server.url).call('GET', '/topics', { headers })).status).toBe(200);
  });

  it('gets 500, and the log has why, when serving fails', async () => {
    const server = await startedPeerServer({
      serve: async () => {
        throw new Error('a bug');
      },
    });
    const answer = await httpClient(server.url).call('GET', '/topics', { headers: attempted });
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining('request id r-1')]);
    expect(server.logged()).toContain('a bug');
    expect(server.logged()).toContain('"requestId":"r-1"');
  });
});

describe('a call', () => {
  const echo = new Map([['echo', async (body: unknown) => ({ status: 200, body: { got: body } })]]);

  async function post(server: StartedPeerServer, path: string, body: string | Buffer, method = 'POST') {
    return await httpClient(server.url).call(method, path, { headers: peer, body });
  }

  it('is answered in JSON', async () => {
    const answer = await post(await startedPeerServer({ calls: echo }), '/x-sluice/echo', '{"a":["ü"]}');
    expect([answer.status, answer.headers['content-type'], answer.json()]).toEqual([
      200,
      'application/json',
      { got: { a: ['ü'] } },
    ]);
  });

  it.each([
    ['that nobody knows', '/x-sluice/nope'],
    ['whose name is a property of every object', '/x-sluice/constructor'],
    ['without a name', '/x-sluice/'],
  ])('%s is answered with 404', async (_what, path) => {
    expect((await post(await startedPeerServer({ calls: echo }), path, '{}')).status).toBe(404);
  });

  it('is a POST with a JSON body', async () => {
    const server = await startedPeerServer({ calls: echo });
    expect((await post(server, '/x-sluice/echo', '', 'GET')).status).toBe(405);
    expect((await post(server, '/x-sluice/echo', '{"a":')).status).toBe(400);
    expect((await post(server, '/x-sluice/echo', '')).status).toBe(400);
  });

  it('of more than 1 MiB is refused, whether its length is told or not', async () => {
    const server = await startedPeerServer({ calls: echo });
    const large = JSON.stringify('x'.repeat(1_048_576));
    expect((await post(server, '/x-sluice/echo', large)).status).toBe(413);
    const connection = await openRaw(server.url);
    onTestFinished(() => connection.vanish());
    connection.send(rawHead('POST /x-sluice/echo', { ...peer, 'transfer-encoding': 'chunked' }));
    connection.send(`${(1_048_577).toString(16)}\r\n${'x'.repeat(1_048_577)}\r\n`);
    const [answer] = await connection.answered(1);
    expect(answer?.status).toBe(413);
  });

  it('that fails is answered with 500 and a request id, under which the log has the reason', async () => {
    const calls = new Map([
      [
        'adopt',
        async () => {
          throw new Error('the reason');
        },
      ],
    ]);
    const server = await startedPeerServer({ calls });
    const answer = await post(server, '/x-sluice/adopt', '{}');
    const id = String(answer.headers['x-request-id']);
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining(`request id ${id}`)]);
    expect(server.logged()).toContain(`"requestId":"${id}"`);
    expect(server.logged()).toContain('the reason');
    expect(server.logged()).not.toContain(secret);
    expect((await post(server, '/x-sluice/nope', '{}')).status).toBe(404);
  });
});

describe('the internal listener', () => {
  it('refuses an address that is taken', async () => {
    const { address } = await startedPeerServer();
    await expect(startedPeerServer({ listener: address })).rejects.toThrow('EADDRINUSE');
  });

  it('announces where it listens', async () => {
    const server = await startedPeerServer();
    expect(server.announcedAddress).toBe(`http://127.0.0.1:${server.address.port}`);
    const named = await startedPeerServer({ advertisedHost: 'fd00::1' });
    expect(named.announcedAddress).toBe(`http://[fd00::1]:${named.address.port}`);
  });

  it('keeps connections open for longer than a read waits', async () => {
    const { url } = await startedPeerServer();
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const hint = await new Promise((resolve, reject) => {
      request(url, { agent, headers: attempted }, (answer) => {
        answer.resume().once('end', () => resolve(answer.headers['keep-alive']));
      })
        .once('error', reject)
        .end();
    });
    expect(hint).toBe('timeout=75');
  });

  it('lets an answer under way end when it closes, takes no new connection, and keeps none', async () => {
    const begun = deferred();
    const go = deferred();
    const server = await startedPeerServer({
      serve: async (_req, res) => {
        begun.resolve();
        await go.promise;
        res.end('late');
      },
    });
    const client = httpClient(server.url);
    const connection = await openRaw(server.url);
    onTestFinished(() => connection.vanish());
    connection.send(rawHead('GET /a', attempted));
    await within(begun.promise, 5000, 'the request to arrive');
    await server.stopAccepting();
    await expect(client.call('GET', '/b', { headers: attempted })).rejects.toThrow('ECONNREFUSED');
    const closed = server.close(10_000);
    go.resolve();
    await connection.closed();
    expect(connection.text()).toContain('late');
    await within(closed, 5000, 'the server to close');
  });

  it('cuts what is left when its time to close is over', async () => {
    const begun = deferred();
    const server = await startedPeerServer({ serve: () => begun.resolve() });
    const call = httpClient(server.url).call('GET', '/a', { headers: attempted });
    const failed = expect(call).rejects.toThrow('socket hang up');
    await within(begun.promise, 5000, 'the request to arrive');
    await within(server.close(20), 5000, 'the server to close');
    await failed;
  });

  it('counts its connections apart from those of clients', async () => {
    const { url, exposed } = await startedPeerServer();
    await httpClient(url).call('GET', '/a', { headers: attempted });
    expect(await exposed()).toContain('sluice_peer_connections_limit 10000');
  });
});
