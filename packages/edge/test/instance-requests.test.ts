import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { DirectoryUnavailable } from '@sluice/directory';
import { describe, expect, it } from 'vitest';
import type { EdgeHooks } from '../src/edge-options.ts';
import { Cluster, declines, dies, fakeLocal, holdLocally, name, owned, RECORDS } from './cluster.ts';
import { call } from './http-exchange.ts';

const nodeOf = (answer: { text: string }): unknown => (JSON.parse(answer.text) as { node?: string }).node;
const never = (): void => undefined;

describe('a request for an instance', () => {
  it('goes to the node that holds it, with its epoch, and the directory is asked once', async () => {
    const { cluster, a, owner, port } = await owned();
    for (let i = 0; i < 5; i++) expect(await call(port, { path: RECORDS })).toMatchObject({ status: 200 });
    expect(a.received).toHaveLength(5);
    expect(a.received[0]?.attempt).toMatchObject({ epoch: owner.epoch });
    expect(new Set(a.received.map(({ attempt }) => attempt.requestId)).size).toBe(5);
    expect(cluster.asked).toEqual([name]);
  });

  it('is served here without a question to anybody when this node holds it', async () => {
    const local = fakeLocal();
    const { cluster, port } = await owned({ local });
    holdLocally(local, name, 7);
    expect(nodeOf(await call(port, { path: RECORDS }))).toBe('local');
    expect(local.attempts).toMatchObject([{ epoch: 7 }]);
    expect(cluster.asked).toEqual([]);
  });

  it('goes on to where it moved when this node has just lost it, with the body that was read', async () => {
    const local = fakeLocal();
    const { a, port, owner } = await owned({ local });
    holdLocally(local, name, 7);
    local.next.push({ type: 'declined', owner, body: Buffer.from('{"x":1}'), busy: false });
    const answer = await call(port, { method: 'POST', path: '/consumers/g/instances/i/offsets', body: '{"x":1}' });
    expect(nodeOf(answer)).toBe('a');
    expect(a.received).toMatchObject([{ body: '{"x":1}' }]);
  });

  it('goes to the owner that a node names which does not hold it, with its body, and the next goes there at once', async () => {
    const { cluster, a, b, owner, port } = await owned();
    await call(port, { path: RECORDS });
    // Moved, and this edge has not heard of it.
    const moved = { ...owner, node: { id: b.record.id, boot: b.record.boot }, epoch: owner.epoch + 5 };
    a.next.push(declines(421, moved));
    b.held.set(JSON.stringify(['g', 'i']), moved.epoch);
    const answer = await call(port, { method: 'POST', path: '/consumers/g/instances/i/offsets', body: 'offsets' });
    expect(nodeOf(answer)).toBe('b');
    expect(b.received).toMatchObject([{ body: 'offsets', attempt: { epoch: moved.epoch } }]);
    expect(a.received[1]?.attempt.requestId).toBe(b.received[0]?.attempt.requestId);
    expect(nodeOf(await call(port, { path: RECORDS }))).toBe('b');
    expect(cluster.asked).toHaveLength(1);
  });

  it('is looked for again when a node does not hold it and does not know who does', async () => {
    const { cluster, a, port } = await owned();
    await call(port, { path: RECORDS });
    a.next.push(declines(421));
    expect(nodeOf(await call(port, { path: RECORDS }))).toBe('a');
    expect(cluster.asked).toHaveLength(2);
  });

  it('is taken over at once when the port of its owner refused twice, by a node that is not the owner', async () => {
    const takeovers: string[] = [];
    const { a, b, c, owner, port } = await owned({ hooks: { onTakeover: (reason) => takeovers.push(reason) } });
    await call(port, { path: RECORDS });
    await a.kill();
    const startedAt = performance.now();
    const answer = await call(port, { path: RECORDS });
    expect(answer.status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(takeovers).toEqual(['refused']);
    const [taker] = [...b.received, ...c.received];
    expect(taker?.attempt.claim).toEqual({ from: owner, reason: 'refused' });
  });

  it('waits for the end of the lease when its owner is one whom Kafka does not fence', async () => {
    const retries: string[] = [];
    const hooks = { onRetry: (reason: string) => retries.push(reason) };
    const { a, b, c, owner, port } = await owned({ leaseMs: 60_000, hooks });
    await call(port, { path: RECORDS });
    await a.kill();
    // What `Instances` answers to such a claim of an assigned instance.
    for (const node of [b, c]) node.next.push(declines(503, owner), declines(503, owner));
    const answer = call(port, { path: RECORDS });
    const claims = (): unknown[] => [...b.received, ...c.received].map(({ attempt }) => attempt.claim?.reason);
    await expect.poll(claims).toEqual(['refused']);
    for (const node of [b, c]) node.next.splice(0);
    // Its port goes on refusing.
    await expect.poll(() => retries.filter((reason) => reason === 'unreachable').length).toBeGreaterThan(5);
    await a.expire();
    expect((await answer).status).toBe(200);
    // Asked once while the lease ran.
    expect(claims()).toEqual(['refused', 'expired']);
  });

  it('is taken over when the lease of its owner is over, by this node if it comes first', async () => {
    const { cluster, a, owner, port } = await owned();
    await a.expire();
    const answer = await call(port, { path: RECORDS });
    expect(answer.status).toBe(200);
    expect(['b', 'c']).toContain(nodeOf(answer));

    const alone = new Cluster();
    const local = fakeLocal('l');
    const gone = await alone.add('gone');
    const left = await gone.own();
    await alone.directory.register({ ...gone.record, ...local.identity, address: 'http://127.0.0.1:1' });
    await gone.expire();
    const here = await alone.edge({ local });
    expect(nodeOf(await call(here.port, { path: RECORDS }))).toBe('l');
    expect(local.attempts).toMatchObject([{ claim: { from: left, reason: 'expired' } }]);
    expect([cluster.asked.length, owner.epoch > 0]).toEqual([1, true]);
  });

  it('is taken over when its node came back as another, at the same address', async () => {
    const { cluster, a, owner, port } = await owned();
    await call(port, { path: RECORDS });
    a.record = { ...a.record, boot: 'second' };
    a.held.clear();
    await cluster.directory.register(a.record);
    const answer = await call(port, { path: RECORDS });
    expect(answer.status).toBe(200);
    const claims = cluster.nodes.flatMap(({ received }) => received.flatMap(({ attempt }) => attempt.claim ?? []));
    expect(claims).toEqual([{ from: owner, reason: 'expired' }]);
  });

  it('is taken over by the next node when the first one drains', async () => {
    const { a, b, c, port } = await owned();
    await a.expire();
    b.next.push(declines(503));
    c.next.push(declines(503));
    expect((await call(port, { path: RECORDS })).status).toBe(200);
    expect(b.received.length + c.received.length).toBeGreaterThanOrEqual(3);
  });

  it('is sent once more, as the same request, when its node broke off without an answer', async () => {
    const { a, port } = await owned();
    a.next.push(dies);
    expect((await call(port, { path: RECORDS })).status).toBe(200);
    expect(a.received).toHaveLength(2);
    expect(a.received[0]?.attempt).toEqual(a.received[1]?.attempt);
  });

  it('is not sent once more on a kept connection: a node that ends has closed all of them', async () => {
    const { a, port } = await owned();
    const kept = new Map<unknown, ServerResponse>();
    const keep = (_received: unknown, response: ServerResponse): void => {
      kept.set(response.socket, response);
      if (kept.size === 3) for (const waiting of kept.values()) waiting.end('{}');
    };
    a.next.push(keep, keep, keep);
    await Promise.all([1, 2, 3].map(async () => await call(port, { path: RECORDS })));
    const ends = (_received: unknown, response: ServerResponse): void => {
      if (kept.has(response.socket)) response.socket?.destroy();
      else response.end('{"node":"a, anew"}');
    };
    a.next.push(ends, ends, ends);
    expect(nodeOf(await call(port, { path: RECORDS }))).toBe('a, anew');
    expect(a.received).toHaveLength(5);
  });

  it('is not sent a third time: nobody knows what became of it', async () => {
    const { a, port } = await owned();
    a.next.push(dies, dies, dies);
    const answer = await call(port, { path: RECORDS, headers: { accept: 'application/vnd.kafka.v2+json' } });
    expect(answer).toMatchObject({ status: 502, headers: { 'content-type': 'application/vnd.kafka.v2+json' } });
    expect(JSON.parse(answer.text)).toMatchObject({ error_code: 502, message: expect.stringContaining('may have') });
    expect(a.received).toHaveLength(2);
  });

  it('is sent a third time when the second went into the queue of a port that was about to close', async () => {
    const { cluster, a, port } = await owned();
    const resets = (_received: unknown, response: ServerResponse): void => void response.socket?.resetAndDestroy();
    a.next.push(dies, resets);
    expect((await call(port, { path: RECORDS })).status).toBe(200);
    expect(a.received).toHaveLength(3);
    expect(cluster.calls).toEqual([]);
    a.next.push(dies, resets, resets);
    expect((await call(port, { path: RECORDS })).status).toBe(502);
    expect(a.received).toHaveLength(6);
  });

  it('is given up at a node that fell silent as soon as its lease is over, and taken over', async () => {
    const { a, port } = await owned();
    a.next.push(never);
    const answer = call(port, { path: RECORDS });
    await expect.poll(() => a.received).toHaveLength(1);
    await a.expire();
    expect((await answer).status).toBe(200);
    expect(a.received).toHaveLength(1);
  });

  it('answers 204 to a DELETE whose first try was done and not answered', async () => {
    const { cluster, a, owner, port } = await owned();
    a.next.push((received, response) => {
      a.held.clear();
      void cluster.directory.remove({ name, ...owner }).then(() => dies(received, response));
    });
    expect(await call(port, { method: 'DELETE', path: '/consumers/g/instances/i' })).toMatchObject({ status: 204 });
    // The next one is too late.
    expect(await call(port, { method: 'DELETE', path: '/consumers/g/instances/i' })).toMatchObject({ status: 404 });
  });

  it('for an instance that does not exist is answered by some node, and the directory asked once a second', async () => {
    const cluster = new Cluster();
    await cluster.add('a');
    const b = await cluster.add('b');
    const { port } = await cluster.edge();
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => await call(port, { path: '/consumers/g/instances/none/records' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    expect(cluster.asked.length).toBeLessThanOrEqual(1 + Math.floor((performance.now() - startedAt) / 1000));
    expect(b.received[0]?.attempt).toMatchObject({ epoch: undefined, claim: undefined });
  });

  it('is found by asking all nodes while the directory is away', async () => {
    const { cluster, a, port } = await owned();
    cluster.away = new DirectoryUnavailable('away');
    expect(nodeOf(await call(port, { path: RECORDS }))).toBe('a');
    expect(cluster.calls.map(({ node }) => node).toSorted()).toEqual(['a', 'b', 'c']);
    // Remembered: nobody is asked again.
    await call(port, { path: RECORDS });
    expect(cluster.calls).toHaveLength(3);
    expect(a.received).toHaveLength(2);
  });

  it('goes to where its owner was when the directory has forgotten all nodes', async () => {
    const { cluster, a, b, c, port } = await owned();
    await call(port, { path: RECORDS });
    for (const node of [a, b, c]) await cluster.directory.leave(node.record);
    expect(nodeOf(await call(port, { path: RECORDS }))).toBe('a');
    expect((await call(port, { path: '/topics' })).status).toBe(200);
  });

  it('is not sent twice when it was too large to be kept', async () => {
    const givenUp: unknown[] = [];
    const hooks: EdgeHooks = { onGivenUp: (...told) => givenUp.push(told) };
    const { a, b, port, owner } = await owned({ hooks });
    const moved = { node: { id: 'b', boot: b.record.boot }, epoch: owner.epoch + 5 };
    a.next.push(declines(421, moved));
    const body = 'x'.repeat(5000);
    const answer = await call(port, { method: 'POST', path: '/consumers/g/instances/i/offsets', body });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(a.received).toMatchObject([{ body }]);
    expect(b.received).toEqual([]);
    const id = a.received[0]?.attempt.requestId;
    expect(givenUp).toEqual([[name, id, { owner, outcome: 421, told: moved }]]);
  });
});

describe('an answer that did not reach its client', () => {
  it('is told to its node before the next request of the instance goes there', async () => {
    const { cluster, a, port } = await owned();
    let tell: () => void = never;
    cluster.onCall = async () => await new Promise<void>((resolve) => void (tell = resolve));
    a.next.push(never);
    const client = connect(port, '127.0.0.1', () => client.write(`GET ${RECORDS} HTTP/1.1\r\nhost: x\r\n\r\n`));
    await expect.poll(() => a.received).toHaveLength(1);
    client.destroy();
    await expect.poll(() => cluster.calls).toHaveLength(1);
    expect(cluster.calls).toEqual([
      { node: 'a', name: 'undelivered', body: { ...name, request: a.received[0]?.attempt.requestId } },
    ]);
    const next = call(port, { path: RECORDS });
    // Others need not wait; theirs comes later and is answered first.
    expect((await call(port, { path: '/topics' })).status).toBe(200);
    expect(a.received.filter(({ url }) => url === RECORDS)).toHaveLength(1);
    tell();
    expect((await next).status).toBe(200);
  });

  it('is one that went into a connection which broke before it was sent', async () => {
    const { cluster, a, port } = await owned();
    a.next.push((_received, response) => void response.end(Buffer.alloc(20_000_000)));
    const client = connect(port, '127.0.0.1', () => client.write(`GET ${RECORDS} HTTP/1.1\r\nhost: x\r\n\r\n`));
    await once(client, 'data');
    client.destroy();
    await expect.poll(() => cluster.calls).toMatchObject([{ name: 'undelivered' }]);
  });

  it('is one to a read that ended in an error, for it was sent and not answered', async () => {
    const { cluster, a, b, port } = await owned();
    a.next.push(dies, dies);
    expect((await call(port, { path: RECORDS })).status).toBe(502);
    const undelivered = { name: 'undelivered', body: { ...name, request: a.received[0]?.attempt.requestId } };
    await expect.poll(() => cluster.calls).toEqual([{ node: 'a', ...undelivered }]);
    // The last one that was sent it, by way of a held request that ends with a 503.
    cluster.calls.length = 0;
    const held = await cluster.edge({ heldMax: 0 });
    a.next.push(dies, declines(421));
    a.next.push(declines(421));
    expect((await call(held.port, { path: RECORDS })).status).toBe(503);
    await expect.poll(() => cluster.calls).toMatchObject([{ node: 'a', name: 'undelivered' }]);
    expect(b.received).toEqual([]);
  });

  it('is told again when its node cannot be reached, and the next request waits for that', async () => {
    const { cluster, a, port } = await owned();
    cluster.onCall = async () => {
      if (cluster.calls.length < 3) throw new Error('unreachable');
    };
    a.next.push(dies, dies);
    expect((await call(port, { path: RECORDS })).status).toBe(502);
    expect((await call(port, { path: RECORDS })).status).toBe(200);
    expect(cluster.calls).toHaveLength(3);
    expect(new Set(cluster.calls.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  it('is told no more when the port of its node refuses twice: the next request waits no longer', async () => {
    const { cluster, a, port } = await owned();
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    cluster.onCall = async () => await Promise.reject(new Error('node a: refused', { cause: refused }));
    a.next.push(dies, dies);
    expect((await call(port, { path: RECORDS })).status).toBe(502);
    expect((await call(port, { path: RECORDS })).status).toBe(200);
    expect(cluster.calls).toHaveLength(2);
  });

  it('is told no more when its node is gone, and not to a node whose commit was not answered', async () => {
    const { cluster, a, port } = await owned();
    cluster.onCall = async () => await Promise.reject(new Error('unreachable'));
    a.next.push(dies, dies);
    expect((await call(port, { method: 'POST', path: '/consumers/g/instances/i/offsets', body: '{}' })).status).toBe(
      502,
    );
    a.next.push(dies, dies);
    expect((await call(port, { path: RECORDS })).status).toBe(502);
    await expect.poll(() => cluster.calls).toHaveLength(1);
    await a.expire();
    expect((await call(port, { path: RECORDS })).status).toBe(200);
    expect(cluster.calls.length).toBeLessThanOrEqual(2);
  });

  it('is not one that its client has', async () => {
    const { cluster, port } = await owned();
    await call(port, { path: RECORDS });
    expect(cluster.calls).toEqual([]);
  });
});
