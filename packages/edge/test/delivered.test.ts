import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { peerHeaders } from '@sluice/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeliveredAnswers } from '../src/delivered.ts';
import { NodeLink } from '../src/known-nodes.ts';
import { Cluster, declines, name, RECORDS } from './cluster.ts';
import { call } from './http-exchange.ts';

const other = { group: 'g', instance: 'other' };

/** A read that was answered with records. */
function withRecords(_received: unknown, response: ServerResponse): void {
  response.writeHead(200, { [peerHeaders.awaited]: '1' }).end('[{"offset":1}]');
}

describe('an answer with records that has left for its client', () => {
  async function owned() {
    const cluster = new Cluster();
    const node = await cluster.add('a');
    await node.own();
    return { cluster, node, port: (await cluster.edge()).port };
  }

  it('is told to its node in a moment, and the client does not see that it was asked for', async () => {
    const { cluster, node, port } = await owned();
    node.next.push(withRecords);
    const answer = await call(port, { path: RECORDS });
    expect(answer).toMatchObject({ status: 200, text: '[{"offset":1}]' });
    expect(Object.keys(answer.headers).filter((header) => header.startsWith('x-sluice-'))).toEqual([]);
    const read = { ...name, request: node.received[0]?.attempt.requestId };
    await expect.poll(() => cluster.calls).toEqual([{ node: 'a', name: 'delivered', body: { reads: [read] } }]);
  });

  it('is not told when the node does not ask for it: there was nothing in it', async () => {
    const { cluster, port } = await owned();
    expect((await call(port, { path: RECORDS })).status).toBe(200);
    expect((await call(port, { path: RECORDS })).status).toBe(200);
    await new Promise(setImmediate);
    expect(cluster.calls).toEqual([]);
  });

  it('is told again when the request that took the word along was declined (bug: its records were read again)', async () => {
    const { cluster, node, port } = await owned();
    node.next.push(withRecords, declines(421));
    await call(port, { path: RECORDS });
    await call(port, { path: RECORDS });
    const [first, declined, ...later] = node.received.map(({ attempt }) => attempt);
    const id = first?.requestId ?? '';
    const told = () => [
      ...later.flatMap(({ delivered }) => delivered ?? []),
      ...cluster.calls
        .flatMap(({ body }) => (body as { reads: { request: string }[] }).reads)
        .map((read) => read.request),
    ];
    expect(declined).toBeDefined();
    await expect.poll(told).toEqual([id]);
  });

  it('is not told when the client had gone', async () => {
    const { cluster, node, port } = await owned();
    node.next.push((_received, response) => {
      response.writeHead(200, { [peerHeaders.awaited]: '1' }).end(Buffer.alloc(20_000_000));
    });
    const client = connect(port, '127.0.0.1', () => client.write(`GET ${RECORDS} HTTP/1.1\r\nhost: x\r\n\r\n`));
    await once(client, 'data');
    client.destroy();
    await expect.poll(() => cluster.calls).toMatchObject([{ name: 'undelivered' }]);
  });
});

describe('what a node is told of its answers', () => {
  let calls: unknown[];
  let link: NodeLink;
  let answers: DeliveredAnswers;

  beforeEach(() => {
    vi.useFakeTimers();
    calls = [];
    const load = { instances: 0, instancesMax: 1, utilization: 0 };
    const record = { id: 'a', boot: 'b', state: 'up', recordVersion: 1, build: '0', load } as const;
    link = new NodeLink({ ...record, address: 'http://127.0.0.1:1' });
    answers = new DeliveredAnswers({
      call: async (_node, _callName, body) => {
        calls.push((body as { reads: unknown[] }).reads);
        throw new Error('the node is gone');
      },
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('goes out together', async () => {
    answers.tell(link, name, ['r1']);
    answers.tell(link, other, ['r2']);
    answers.tell(link, name, ['r3']);
    await vi.advanceTimersByTimeAsync(10);
    expect(calls).toEqual([
      [
        { ...name, request: 'r1' },
        { ...name, request: 'r3' },
        { ...other, request: 'r2' },
      ],
    ]);
  });

  it('goes along with the next request of the instance, if that comes first', async () => {
    answers.tell(link, name, ['r1']);
    answers.tell(link, other, ['r2']);
    expect(answers.take(link, name)).toEqual(['r1']);
    expect(answers.take(link, name)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(10);
    expect(calls).toEqual([[{ ...other, request: 'r2' }]]);
  });

  it('does not go along when it would not fit into a header', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `r${i}`);
    answers.tell(link, name, ids);
    expect(answers.take(link, name)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(10);
    expect(calls[0]).toHaveLength(60);
  });

  it('comes in calls of a size that nodes take', async () => {
    for (let i = 0; i < 2500; i += 1) answers.tell(link, { group: 'g', instance: `i${i}` }, [`r${i}`]);
    await vi.advanceTimersByTimeAsync(10);
    expect(calls.map((reads) => (reads as unknown[]).length)).toEqual([1000, 1000, 500]);
  });

  it('is said again to a node that cannot be reached, and goes along with a request meanwhile', async () => {
    answers.tell(link, name, ['r1']);
    await vi.advanceTimersByTimeAsync(10);
    expect(calls).toHaveLength(1);
    expect(answers.take(link, name)).toEqual(['r1']);
    answers.tell(link, name, ['r2']);
    await vi.advanceTimersByTimeAsync(60_000);
    // What is said anew has its five tries, whatever became of the word before.
    expect(calls).toHaveLength(6);
    expect(answers.take(link, name)).toBeUndefined();
  });

  it('waits for longer where the instance was seen to come back later, and no longer than that', async () => {
    answers = new DeliveredAnswers({
      call: async (_node, _callName, body) => {
        calls.push((body as { reads: unknown[] }).reads);
        return { status: 204, body: '' };
      },
    });
    answers.tell(link, name, ['r1']);
    await vi.advanceTimersByTimeAsync(10);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2);
    // Back after 12 ms: its word had been told by then.
    expect(answers.take(link, name)).toBeUndefined();
    for (let turn = 0; turn < 5; turn += 1) {
      answers.tell(link, name, [`again${turn}`]);
      await vi.advanceTimersByTimeAsync(12);
      expect(answers.take(link, name)).toEqual([`again${turn}`]);
    }
    answers.tell(link, name, ['last']);
    await vi.advanceTimersByTimeAsync(26);
    expect(calls).toHaveLength(2);
    expect(calls[1]).toEqual([{ ...name, request: 'last' }]);
  });

  it('is forgotten of an instance that nobody reads from any more', async () => {
    answers.tell(link, name, ['r1']);
    answers.take(link, name);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(2100);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is said before the edge ends', async () => {
    answers.tell(link, name, ['r1']);
    await answers.settled();
    expect(calls).toEqual([[{ ...name, request: 'r1' }]]);
  });
});
