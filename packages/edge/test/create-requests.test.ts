import { describe, expect, it } from 'vitest';
import { Cluster, declines, dies, fakeLocal } from './cluster.ts';
import { call } from './http-exchange.ts';

const CREATE = { method: 'POST', path: '/consumers/g', body: '{"name":"made"}' };
const nodeOf = (answer: { text: string }): unknown => (JSON.parse(answer.text) as { node?: string }).node;

describe('a create', () => {
  it('goes to the emptier of two nodes, and none to one that is full or drains', async () => {
    const cluster = new Cluster();
    const empty = await cluster.add('empty');
    const half = await cluster.add('half', { instances: 50 });
    const full = await cluster.add('full', { instances: 100 });
    const { port } = await cluster.edge();
    for (let i = 0; i < 10; i++) expect((await call(port, CREATE)).status).toBe(200);
    expect([empty.received.length, half.received.length, full.received.length]).toEqual([10, 0, 0]);
  });

  it('counts for its node before the node says so', async () => {
    const cluster = new Cluster();
    const a = await cluster.add('a');
    const b = await cluster.add('b');
    const { port } = await cluster.edge({ random: () => 0 });
    for (let i = 0; i < 10; i++) await call(port, CREATE);
    expect([a.received.length, b.received.length]).toEqual([5, 5]);
  });

  it('goes to the next node when one declines or refuses, as the same request', async () => {
    const cluster = new Cluster();
    const a = await cluster.add('a');
    const b = await cluster.add('b', { instances: 10 });
    const c = await cluster.add('c', { instances: 20 });
    const { port } = await cluster.edge();
    await a.kill();
    b.next.push(declines(503));
    expect(nodeOf(await call(port, CREATE))).toBe('c');
    expect(c.received).toMatchObject([{ body: CREATE.body }]);
    expect(b.received.map(({ attempt }) => attempt)).toEqual(c.received.map(({ attempt }) => attempt));
  });

  it('is sent once more, as the same request, when no answer came', async () => {
    const cluster = new Cluster();
    const a = await cluster.add('a');
    const { port } = await cluster.edge();
    a.next.push(dies);
    expect((await call(port, CREATE)).status).toBe(200);
    expect(a.received[0]?.attempt).toEqual(a.received[1]?.attempt);
    a.next.push(dies, dies, dies);
    expect((await call(port, CREATE)).status).toBe(502);
    expect(a.received).toHaveLength(4);
  });

  it('is given up at a node that fell silent as soon as its lease is over, and goes to another as the same request', async () => {
    const cluster = new Cluster();
    const frozen = await cluster.add('frozen');
    const other = await cluster.add('other', { instances: 50 });
    const { port } = await cluster.edge();
    frozen.next.push(() => undefined);
    const answer = call(port, CREATE);
    await expect.poll(() => frozen.received).toHaveLength(1);
    await frozen.expire();
    expect(nodeOf(await answer)).toBe('other');
    expect(other.received.map(({ attempt }) => attempt)).toEqual(frozen.received.map(({ attempt }) => attempt));
  });

  it('is answered 503 when no node takes it', async () => {
    const cluster = new Cluster();
    const a = await cluster.add('a');
    const { port } = await cluster.edge();
    a.next.push(declines(503));
    expect(await call(port, CREATE)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  });

  it('goes to the next node when one is full, and is answered 429 when all decline and one of them for that', async () => {
    const cluster = new Cluster();
    const a = await cluster.add('a');
    const b = await cluster.add('b');
    const { port } = await cluster.edge({ random: () => 0 });
    a.next.push(declines(429));
    expect(nodeOf(await call(port, CREATE))).toBe('b');
    a.next.push(declines(429));
    b.next.push(declines(503));
    const answer = await call(port, CREATE);
    expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': '10' } });
    expect(JSON.parse(answer.text)).toMatchObject({ error_code: 429, message: expect.stringContaining('All nodes') });
    // One that could not be asked may have a place.
    a.next.push(declines(429));
    await b.kill();
    expect(await call(port, CREATE)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  });

  it('is answered 429 when all nodes say in advance that they are full, and when the one here says it now', async () => {
    const cluster = new Cluster();
    const full = await cluster.add('full', { instances: 100 });
    const { port } = await cluster.edge();
    expect((await call(port, CREATE)).status).toBe(429);
    expect(full.received).toEqual([]);
    const local = fakeLocal();
    const here = await cluster.edge({ local });
    local.next.push({ type: 'declined', owner: undefined, body: undefined, busy: false, full: true });
    expect((await call(here.port, CREATE)).status).toBe(429);
  });

  it('stays here while this node has about as many instances as the others, and goes elsewhere when it does not', async () => {
    const cluster = new Cluster();
    const local = fakeLocal();
    const other = await cluster.add('other', { instances: 40 });
    const own = { ...other.record, ...local.identity, address: 'http://127.0.0.1:1' };
    await cluster.directory.register({ ...own, load: { ...own.load, instances: 44 } });
    const { port } = await cluster.edge({ local });
    expect(nodeOf(await call(port, CREATE))).toBe('local');
    await cluster.directory.register({ ...own, load: { ...own.load, instances: 90 } });
    const loaded = await cluster.edge({ local });
    expect(nodeOf(await call(loaded.port, CREATE))).toBe('other');
    await cluster.directory.register({ ...own, state: 'draining', load: { ...own.load, instances: 1 } });
    const draining = await cluster.edge({ local });
    expect(nodeOf(await call(draining.port, CREATE))).toBe('other');
    await cluster.directory.leave(own);
    const unlisted = await cluster.edge({ local });
    expect(nodeOf(await call(unlisted.port, CREATE))).toBe('local');
  });

  it('goes elsewhere when this node declines, with the body that was read here', async () => {
    const cluster = new Cluster();
    const local = fakeLocal();
    const other = await cluster.add('other');
    const { port } = await cluster.edge({ local });
    local.next.push({ type: 'declined', owner: undefined, body: Buffer.from(CREATE.body), busy: true });
    expect(nodeOf(await call(port, CREATE))).toBe('other');
    expect(other.received).toMatchObject([{ body: CREATE.body, headers: { 'content-length': '15' } }]);
  });

  it('makes a name known that nobody had a moment ago', async () => {
    const cluster = new Cluster();
    const a = await cluster.add('a');
    // No news come from the directory: what happens here is known here.
    const directory = { ...cluster.seen, watch: () => () => undefined };
    const { port } = await cluster.edge({ directory });
    const path = '/consumers/g/instances/made/records';
    expect((await call(port, { path })).status).toBe(404);
    a.next.push((_received, response) => {
      void a.own({ group: 'g', instance: 'made' }).then(() => response.writeHead(200).end('{}'));
    });
    await call(port, CREATE);
    expect((await call(port, { path })).status).toBe(200);
    expect(a.received.at(-1)?.attempt.epoch).toBeGreaterThan(0);
  });
});
