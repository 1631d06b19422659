import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Cluster, RECORDS } from './cluster.ts';
import { call } from './http-exchange.ts';

describe('a request that is under way when the edge drains', () => {
  it('is answered, and its connection ends with that', async () => {
    const cluster = new Cluster();
    const a = await cluster.add('a');
    const { edge, port } = await cluster.edge();
    let answer: () => void = () => undefined;
    a.next.push((_received, response) => void (answer = () => response.end('late')));
    const client = connect(port, '127.0.0.1', () => client.write('GET /topics HTTP/1.1\r\nhost: x\r\n\r\n'));
    await expect.poll(() => a.received).toHaveLength(1);
    edge.drain();
    answer();
    const [head] = (await once(client, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1.1 200 [^]*connection: close/i);
    await once(client, 'end');
    client.destroy();
  });

  it('is answered, too, when it is one of several on its connection', async () => {
    const cluster = new Cluster();
    const a = await cluster.add('a');
    const { edge, port } = await cluster.edge();
    let answer: () => void = () => undefined;
    a.next.push((_received, response) => void (answer = () => response.end('first')));
    let got = '';
    const client = connect(port, '127.0.0.1');
    client.on('data', (data) => (got += data.toString()));
    client.write('GET /topics HTTP/1.1\r\nhost: x\r\n\r\n');
    await expect.poll(() => a.received).toHaveLength(1);
    a.next.push((_received, response) => setTimeout(() => response.end('second'), 50));
    client.write('GET /topics HTTP/1.1\r\nhost: x\r\n\r\n');
    await expect.poll(() => a.received).toHaveLength(2);
    edge.drain();
    answer();
    await expect.poll(() => got).toMatch(/first[^]*second/);
    client.destroy();
  });
});

describe('a poll that waits at another node when the edge drains', () => {
  /** Nodes that answer a poll when they are told to. */
  async function polled() {
    const cluster = new Cluster();
    const a = await cluster.add('a');
    await a.own();
    const waiting: (() => void)[] = [];
    const waits = () => a.next.push((_received, response) => waiting.push(() => response.end('[]')));
    cluster.onCall = async () => {
      for (const answer of waiting.splice(0)) answer();
    };
    return { cluster, a, waits, waiting, ...(await cluster.edge()) };
  }

  it('is answered by its node at once, and its connection ends with that', async () => {
    const { cluster, a, waits, edge, port } = await polled();
    waits();
    const answer = call(port, { path: RECORDS, headers: { connection: 'keep-alive' } });
    await expect.poll(() => a.received).toHaveLength(1);
    edge.drain();
    expect(await answer).toMatchObject({ status: 200, text: '[]', headers: { connection: 'close' } });
    expect(cluster.calls).toEqual([
      { node: 'a', name: 'answer', body: { instances: [{ group: 'g', instance: 'i' }] } },
    ]);
  });

  it('is answered, too, when it came later, and nobody is told while none waits', async () => {
    const { cluster, a, waits, waiting, edge, port } = await polled();
    edge.drain();
    waits();
    const answer = call(port, { path: RECORDS });
    await expect.poll(() => a.received).toHaveLength(1);
    expect([cluster.calls, waiting.length]).toEqual([[], 1]);
    expect(await answer).toMatchObject({ status: 200, text: '[]' });
    const told = cluster.calls.length;
    expect((await call(port, { path: '/topics' })).status).toBe(200);
    expect(cluster.calls).toHaveLength(told);
  });
});

describe('an edge that is about to end', () => {
  it('goes on holding and forwarding, and ends connections with their answers', async () => {
    const cluster = new Cluster();
    await cluster.add('a');
    const { edge, port } = await cluster.edge();
    edge.retire();
    const headers = { connection: 'keep-alive' };
    expect(await call(port, { path: '/topics', headers })).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
    });
  });
});
