import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { EdgeHooks } from '../src/edge-options.ts';
import { Cluster, name, owned, RECORDS } from './cluster.ts';
import { call, closedPort } from './http-exchange.ts';

const nodeOf = (answer: { text: string }): unknown => (JSON.parse(answer.text) as { node?: string }).node;
const never = (): void => undefined;

describe('a request for an instance whose node has too many under way', () => {
  it('is answered 503 at once, and nobody is asked anew', async () => {
    const held: string[] = [];
    const hooks = { onHeld: (_seconds: number, outcome: string) => held.push(outcome) };
    const { cluster, a, edge, port } = await owned({ pollsMax: 1, hooks });
    a.next.push(never);
    const client = connect(port, '127.0.0.1', () => client.write(`GET ${RECORDS} HTTP/1.1\r\nhost: x\r\n\r\n`));
    await expect.poll(() => a.received).toHaveLength(1);
    const answer = await call(port, { path: RECORDS });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(answer.text).toContain('Too many requests are under way at the node that holds the instance.');
    expect(held).toEqual([]);
    expect(edge.owners).toBe(1);
    expect(cluster.asked).toHaveLength(1);
    client.destroy();
  });
});

describe('a request that waits', () => {
  /** Nobody listens at the owner's address, and nobody may take over. */
  async function stuck(options: Parameters<Cluster['edge']>[0] = {}) {
    const held: string[] = [];
    const cluster = new Cluster();
    const gone = await cluster.add('gone');
    const owner = await gone.own();
    await cluster.directory.register({ ...gone.record, address: `http://127.0.0.1:${await closedPort()}` });
    const hooks = { onHeld: (_seconds: number, outcome: string) => held.push(outcome) };
    return { cluster, gone, owner, held, ...(await cluster.edge({ hooks, ...options })) };
  }

  it('is answered 503 after the lease and two seconds more', async () => {
    const givenUp: unknown[] = [];
    const held: string[] = [];
    const hooks: EdgeHooks = {
      onHeld: (_seconds, outcome) => held.push(outcome),
      onGivenUp: (instance, _requestId, last) => givenUp.push({ instance, last }),
    };
    const { port, owner } = await stuck({ leaseMs: 0, hooks });
    const startedAt = performance.now();
    expect(await call(port, { path: RECORDS })).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1990);
    expect(held).toEqual(['refused']);
    expect(givenUp).toEqual([{ instance: name, last: { owner, outcome: 'unreachable', told: undefined } }]);
  });

  it('is one of a bounded number; each further one is answered 503 at once', async () => {
    const { edge, port } = await stuck({ heldMax: 2, leaseMs: 60_000 });
    const waiting = [call(port, { path: RECORDS }), call(port, { path: RECORDS })];
    await expect.poll(() => edge.held).toBe(2);
    expect((await call(port, { path: RECORDS })).status).toBe(503);
    edge.drain();
    for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(503);
  });

  it('waits no more when its client leaves', async () => {
    const { edge, port, held } = await stuck({ leaseMs: 60_000 });
    const client = connect(port, '127.0.0.1', () => client.write(`GET ${RECORDS} HTTP/1.1\r\nhost: x\r\n\r\n`));
    await expect.poll(() => edge.held).toBe(1);
    client.destroy();
    await expect.poll(() => edge.held).toBe(0);
    expect(held).toEqual(['abandoned']);
  });

  it('is answered 503 when the edge drains, and so is each that would begin to wait', async () => {
    const { edge, port } = await stuck({ leaseMs: 60_000 });
    const waiting = call(port, { path: RECORDS });
    await expect.poll(() => edge.held).toBe(1);
    edge.drain();
    expect(await waiting).toMatchObject({ status: 503 });
    expect(await call(port, { path: RECORDS })).toMatchObject({ status: 503, headers: { connection: 'close' } });
  });

  it('goes on as soon as the instance has a new owner', async () => {
    // Left alone it would look again after ten seconds.
    const { cluster, edge, port, owner, held } = await stuck({ leaseMs: 60_000, random: () => 100 });
    const startedAt = performance.now();
    const answer = call(port, { path: RECORDS });
    await expect.poll(() => edge.held).toBe(1);
    const b = await cluster.add('b');
    const claimed = await cluster.directory.claim({ name, from: owner, to: b.record, reason: 'refused' });
    if (claimed.outcome === 'claimed') b.held.set(JSON.stringify(['g', 'i']), claimed.record.epoch);
    expect(nodeOf(await answer)).toBe('b');
    expect(performance.now() - startedAt).toBeLessThan(8000);
    expect(held).toEqual(['served']);
  });
});
