import { describe, expect, it } from 'vitest';
import { Cluster, name } from './cluster.ts';
import { call } from './http-exchange.ts';

const COMMIT = { method: 'POST', path: '/consumers/g/instances/i/offsets', body: '{}' };
const PRODUCE = { method: 'POST', path: '/topics/t', body: '{"records":[{"value":1}]}' };
const never = (): void => undefined;

/** Two nodes, of which one falls silent with its next request; whether it answers pings is the test's to say. */
async function silenced() {
  const silences: string[] = [];
  const cluster = new Cluster();
  const a = await cluster.add('a');
  const b = await cluster.add('b');
  const owner = await a.own();
  const hooks = { onSilent: () => silences.push('a') };
  const { port } = await cluster.edge({ hooks, random: () => 0 });
  const pings = { answered: false };
  cluster.onCall = async (called) => {
    if (called === 'ping' && !pings.answered) throw new Error('no answer within 1000 ms');
  };
  a.next.push(never);
  return { cluster, a, b, owner, port, pings, silences };
}

describe('requests at a node from which nothing comes any more', () => {
  it('are given up when it answers no ping either, wait until it does, and are sent again', async () => {
    const { a, b, port, pings, silences } = await silenced();
    const answer = call(port, COMMIT);
    await expect.poll(() => silences, { timeout: 5000 }).toEqual(['a']);
    // Its lease runs: nobody takes the instance over.
    expect([a.received.length, b.received.length]).toEqual([1, 0]);
    pings.answered = true;
    expect((await answer).status).toBe(200);
    expect(a.received).toHaveLength(2);
    expect(a.received[0]?.attempt).toEqual(a.received[1]?.attempt);
  });

  it('go to another node where any will do', async () => {
    const { a, b, port } = await silenced();
    expect((await call(port, { path: '/topics' })).text).toBe('{"node":"b"}');
    expect([a.received.length, b.received.length]).toEqual([1, 1]);
    // Not even tried there.
    expect((await call(port, PRODUCE)).text).toBe('{"node":"b"}');
    expect(a.received).toHaveLength(1);
  });

  it('are answered 502 when they must not be sent twice and its lease is over, and never sent again', async () => {
    const { a, b, port } = await silenced();
    const answer = call(port, PRODUCE);
    await expect.poll(() => a.received).toHaveLength(1);
    await a.expire();
    const { status, text } = await answer;
    expect([status, text]).toEqual([502, expect.stringContaining('may have')]);
    expect([a.received.length, b.received.length]).toEqual([1, 0]);
  });

  it('are waited for at a node without a lease that answers pings: it may be about to end', async () => {
    const { cluster, a, port, pings } = await silenced();
    pings.answered = true;
    let finish: () => void = never;
    a.next.splice(0, 1, (_received, response) => {
      finish = () => response.writeHead(200).end('done');
    });
    const answer = call(port, PRODUCE);
    await expect.poll(() => a.received).toHaveLength(1);
    await a.expire();
    await expect.poll(() => cluster.calls.filter((made) => made.name === 'ping').length, { timeout: 8000 }).toBe(3);
    finish();
    expect(await answer).toMatchObject({ status: 200, text: 'done' });
  });

  it('are not given up while it answers pings', async () => {
    const { cluster, a, port, pings } = await silenced();
    pings.answered = true;
    let finish: () => void = never;
    a.next.splice(0, 1, (_received, response) => {
      finish = () => response.writeHead(200).end('late');
    });
    const answer = call(port, COMMIT);
    await expect.poll(() => cluster.calls, { timeout: 5000 }).toMatchObject([{ node: 'a', name: 'ping' }]);
    finish();
    expect(await answer).toMatchObject({ status: 200, text: 'late' });
    expect(a.received).toMatchObject([{ attempt: { epoch: a.held.get(JSON.stringify([name.group, name.instance])) } }]);
  });
});
