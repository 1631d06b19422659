import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Cluster, declines, dies, fakeLocal, RECORDS } from './cluster.ts';
import { call } from './http-exchange.ts';

const PRODUCE = { method: 'POST', path: '/topics/t', body: '{"records":[{"value":1}]}' };

async function three(options: Parameters<Cluster['edge']>[0] = {}) {
  const cluster = new Cluster();
  const nodes = [await cluster.add('a'), await cluster.add('b'), await cluster.add('c')];
  const received = () => nodes.flatMap((node) => node.received);
  return { cluster, nodes, received, ...(await cluster.edge(options)) };
}

describe('a request that any node can serve', () => {
  it('is served here when there is a node here, whatever the path', async () => {
    const local = fakeLocal();
    const { received, port } = await three({ local });
    for (const path of ['/topics', '/', '/consumers', '/consumers/a/b/c', '/nothing', '/openapi.json']) {
      expect((await call(port, { path })).text).toBe('{"node":"local"}');
    }
    expect((await call(port, PRODUCE)).text).toBe('{"node":"local"}');
    expect((await call(port, { method: 'OPTIONS', path: '/consumers/g' })).text).toBe('{"node":"local"}');
    expect(local.attempts).toHaveLength(8);
    // Not even its body is looked at.
    expect(local.attempts.map(({ body }) => body)).toEqual(Array.from({ length: 8 }, () => undefined));
    expect(received()).toEqual([]);
  });

  it('goes to another node when the one here drains, with the body that was read', async () => {
    const local = fakeLocal();
    local.next.push({ type: 'declined', owner: undefined, body: undefined, busy: true });
    const { received, port } = await three({ local });
    expect((await call(port, PRODUCE)).status).toBe(200);
    expect(received()).toMatchObject([{ body: PRODUCE.body }]);
  });

  it('is spread over the nodes, and goes to none that drains', async () => {
    const { cluster, nodes, port } = await three();
    const drained = await cluster.add('draining');
    await cluster.directory.renew({ ...drained.record, state: 'draining' });
    const again = await cluster.edge();
    for (let i = 0; i < 60; i++) await call(again.port, { path: '/topics' });
    for (const node of nodes) expect(node.received.length).toBeGreaterThan(3);
    expect(drained.received).toEqual([]);
    expect(port).toBeGreaterThan(0);
  });

  it('goes to the less busy of two nodes', async () => {
    const cluster = new Cluster();
    const busy = await cluster.add('busy');
    const idle = await cluster.add('idle');
    const { port } = await cluster.edge({ random: () => 0 });
    busy.next.push(() => undefined);
    const client = connect(port, '127.0.0.1', () => client.write('GET /topics HTTP/1.1\r\nhost: x\r\n\r\n'));
    await expect.poll(() => busy.received).toHaveLength(1);
    for (let i = 0; i < 5; i++) await call(port, { path: '/topics' });
    expect([busy.received.length, idle.received.length]).toEqual([1, 5]);
    client.destroy();
  });

  it('is tried elsewhere, byte for byte, when a port refuses or a node declines', async () => {
    const { nodes, received, port } = await three();
    await nodes[0]?.kill();
    for (const node of nodes) node.next.push(declines(503));
    const body = Buffer.from('{"records":[{"value":"é\u0000"}]}');
    // All three would do nothing: the first that is asked again is the last try.
    expect((await call(port, { ...PRODUCE, body })).status).toBe(503);
    expect((await call(port, { ...PRODUCE, body })).status).toBe(200);
    for (const { body: got } of received()) expect(got).toBe(body.toString());
  });

  it('is never sent twice when it was sent and not answered: 502', async () => {
    const { nodes, received, port } = await three();
    for (const node of nodes) node.next.push(dies, dies);
    const answer = await call(port, PRODUCE);
    expect(answer).toMatchObject({ status: 502, headers: { 'content-type': 'application/vnd.kafka.v2+json' } });
    expect(JSON.parse(answer.text)).toMatchObject({ error_code: 502, message: expect.stringContaining('may have') });
    expect(received()).toHaveLength(1);
  });

  it('is sent once more when it changes nothing, and not a third time: it may be what kills nodes', async () => {
    const { nodes, received, port } = await three();
    for (const node of nodes) node.next.push(dies);
    expect((await call(port, { path: '/topics' })).status).toBe(502);
    expect(received()).toHaveLength(2);
    expect((await call(port, { path: '/topics' })).status).toBe(200);
    expect(new Set(received().map(({ attempt }) => attempt.requestId)).size).toBe(2);
  });

  it('is given up at a node that fell silent as soon as its lease is over, and goes to another', async () => {
    const cluster = new Cluster();
    const frozen = await cluster.add('frozen');
    const other = await cluster.add('other');
    const { port } = await cluster.edge({ random: () => 0 });
    frozen.next.push(() => undefined);
    const answer = call(port, { path: '/topics' });
    await expect.poll(() => frozen.received).toHaveLength(1);
    await frozen.expire();
    expect((await answer).text).toBe('{"node":"other"}');
    expect(other.received).toHaveLength(1);
  });

  it('is streamed and tried once when it is too large to be kept, with a length and in chunks', async () => {
    const { nodes, received, port } = await three();
    const body = 'y'.repeat(300_000);
    for (const headers of [{ 'content-length': body.length }, { 'transfer-encoding': 'chunked' }]) {
      for (const node of nodes) node.next.splice(0, 9, declines(503));
      const before = received().length;
      expect(await call(port, { ...PRODUCE, headers, body })).toMatchObject({ status: 503 });
      expect(received()).toHaveLength(before + 1);
      for (const node of nodes) node.next.splice(0);
      expect(await call(port, { ...PRODUCE, headers, body })).toMatchObject({ status: 200 });
      expect(received().at(-1)?.body.length).toBeGreaterThan(0);
    }
    for (const { body: got } of received()) expect(got).toBe(body);
  });

  it('is streamed when the memory for all bodies is used up, and kept when it is free again', async () => {
    const { nodes, received, port } = await three({ bufferTotalMaxBytes: 40 });
    const client = connect(port, '127.0.0.1');
    client.write('POST /topics/t HTTP/1.1\r\nhost: x\r\ncontent-length: 30\r\n\r\nhalf');
    await expect
      .poll(async () => {
        for (const node of nodes) node.next.splice(0, 9, declines(503));
        const before = received().length;
        await call(port, PRODUCE);
        return received().length - before;
      })
      .toBe(1);
    client.destroy();
    await expect
      .poll(async () => {
        for (const node of nodes) node.next.splice(0, 9, declines(503));
        const before = received().length;
        await call(port, PRODUCE);
        return received().length - before;
      })
      .toBe(3);
  });

  it('has its length when it came in chunks and was kept', async () => {
    const { received, port } = await three();
    const headers = { 'transfer-encoding': 'chunked' };
    expect((await call(port, { ...PRODUCE, headers })).status).toBe(200);
    expect(received()).toMatchObject([{ body: PRODUCE.body, headers: { 'content-length': `${PRODUCE.body.length}` } }]);
    expect(received()[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  it('is answered 503 when there is no node', async () => {
    const { port } = await new Cluster().edge();
    const answer = await call(port, PRODUCE);
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(JSON.parse(answer.text)).toMatchObject({ error_code: 503 });
  });

  it('is refused beyond a number of requests under way at each node', async () => {
    const cluster = new Cluster();
    const a = await cluster.add('a');
    const { port } = await cluster.edge({ callsMax: 1 });
    a.next.push(() => undefined);
    const client = connect(port, '127.0.0.1', () => client.write('GET /topics HTTP/1.1\r\nhost: x\r\n\r\n'));
    await expect.poll(() => a.received).toHaveLength(1);
    expect((await call(port, { path: '/topics' })).status).toBe(503);
    client.destroy();
    await expect.poll(async () => (await call(port, { path: '/topics' })).status).toBe(200);
  });

  it('is under way at a node no longer than its answer is, though the client gets that later', async () => {
    const cluster = new Cluster();
    const a = await cluster.add('a');
    await a.own();
    const { port } = await cluster.edge({ callsMax: 2 });
    a.next.push(() => undefined);
    const client = connect(port, '127.0.0.1');
    client.write(`GET ${RECORDS} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await expect.poll(() => a.received).toHaveLength(1);
    // Their answers wait behind the one to the read.
    for (let i = 2; i <= 5; i++) {
      client.write('GET /topics HTTP/1.1\r\nhost: x\r\n\r\n');
      await expect.poll(() => a.received).toHaveLength(i);
    }
    await expect.poll(async () => (await call(port, { path: '/topics' })).status).toBe(200);
    client.destroy();
  });
});

describe('the body of a request that is sent on', () => {
  it('is asked for when its client wants to be asked, kept or streamed', async () => {
    const { received, port } = await three();
    for (const length of [10, 5000]) {
      const client = connect(port, '127.0.0.1');
      client.write(
        `POST /topics/t HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`,
      );
      const [first] = (await once(client, 'data')) as [Buffer];
      expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      client.write('z'.repeat(length));
      const [second] = (await once(client, 'data')) as [Buffer];
      expect(second.toString()).toMatch(/^HTTP\/1.1 200 /);
      client.destroy();
    }
    expect(new Set(received().map(({ body }) => body.length))).toEqual(new Set([10, 5000]));
    for (const { headers } of received()) expect(headers).not.toHaveProperty('expect');
  });

  it('must have come in time', async () => {
    const { received, port } = await three({ bodyTimeoutMs: 100 });
    const client = connect(port, '127.0.0.1');
    client.write('POST /topics/t HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 408 /);
    expect(received()).toEqual([]);
    client.destroy();
  });

  it('is waited for no longer when its client leaves', async () => {
    const { received, port } = await three();
    const client = connect(port, '127.0.0.1');
    client.write('POST /topics/t HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
    await expect.poll(() => client.bytesWritten).toBeGreaterThan(0);
    client.destroy();
    await call(port, { path: '/topics' });
    expect(received()).toHaveLength(1);
  });

  it('does not keep the connection when the node answers before it is there', async () => {
    const { nodes, port } = await three();
    const client = connect(port, '127.0.0.1');
    for (const node of nodes) node.next.push((_received, response) => response.writeHead(413).end('no'));
    client.write('POST /topics/t HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n');
    client.write('z'.repeat(5000));
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 413 /);
    client.destroy();
  });
});

describe('what a node is told', () => {
  it('is not what a client made up, here or elsewhere', async () => {
    const { received, port } = await three();
    const forged = { 'x-sluice-secret': 'guess', 'X-Sluice-Claim': 'a;b;1;refused', 'x-sluice-owner': 'me' };
    await call(port, { path: '/topics', headers: { ...forged, 'x-request-id': 'mine', host: 'public:80' } });
    const [{ headers, attempt } = { headers: {}, attempt: undefined }] = received();
    expect(attempt).toMatchObject({ epoch: undefined, claim: undefined });
    expect(headers).not.toHaveProperty('x-sluice-owner');
    expect(headers).toMatchObject({ 'x-request-id': 'mine', host: 'public:80' });

    const seen: unknown[] = [];
    const local = fakeLocal();
    const { port: here } = await three({
      local: {
        ...local,
        serve: async (request, response, localAttempt) => {
          seen.push(Object.keys(request.headers).filter((header) => header.startsWith('x-sluice-')));
          return await local.serve(request, response, localAttempt);
        },
      },
    });
    await call(here, { path: '/topics', headers: forged });
    expect(seen).toEqual([[]]);
  });

  it('is the path as it came, slashes and all (http-proxy: folded, and another path)', async () => {
    const { received, port } = await three();
    const targets = ['/topics//t', '/a%2Fb?x=//y?z', '/..//x', 'http://[::/topics', 'http://public.example/topics?q=1'];
    for (const target of targets) {
      const client = connect(port, '127.0.0.1', () =>
        client.write(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`),
      );
      await once(client, 'data');
      client.destroy();
    }
    expect(
      received()
        .map(({ url }) => url ?? '')
        .toSorted(),
    ).toEqual(targets.toSorted());
  });

  it('keeps its end when a Connection header names the length (a second request could hide in the body)', async () => {
    const { received, port } = await three();
    const body = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n';
    for (const method of ['POST', 'DELETE']) {
      const headers = { connection: 'content-length, host, x-mine', 'content-length': body.length };
      await call(port, { method, path: '/topics/t', headers, body });
    }
    expect(received()).toMatchObject([{ body }, { body }]);
    expect(await call(port, { path: '/topics' })).toMatchObject({ status: 200 });
    expect(received()).toHaveLength(3);
  });

  it('is the address that the client came in on when it names no host', async () => {
    const { received, port } = await three();
    const client = connect(port, '127.0.0.1', () => client.write('GET /topics HTTP/1.0\r\n\r\n'));
    await once(client, 'data');
    expect(received()[0]?.headers).toMatchObject({ 'x-sluice-authority': `127.0.0.1:${port}` });
    client.destroy();
  });
});
