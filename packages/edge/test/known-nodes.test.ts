import { MemoryDirectory, type NodeRecord } from '@sluice/directory';
import { expect, it, onTestFinished } from 'vitest';
import { testAuthority, tlsOf } from '../../../test/harness/peer-certificates.ts';
import { KnownNodes, NodeLink } from '../src/known-nodes.ts';

const load = { instances: 0, instancesMax: 10, utilization: 0 };
const nodeOf = (id: string, address: string): NodeRecord => {
  return { id, boot: 'b', address, state: 'up', recordVersion: 1, build: '0', load };
};

it('a node that gives no usable address, or one that takes TLS while this edge has none, does not hide the others', async () => {
  const directory = new MemoryDirectory({ leaseMs: 10_000, retentionMs: 100_000 });
  for (const [id, address] of [
    ['a', 'http://[::1]:81'],
    ['bad', 'nowhere'],
    ['c', 'http://c.example:82'],
    ['secure', 'https://d.example:83'],
  ] as const) {
    await directory.register(nodeOf(id, address));
  }
  const nodes = new KnownNodes({
    directory,
    refreshMs: 3000,
    self: undefined,
    onChange: () => undefined,
    onGone: () => undefined,
    onError: undefined,
    now: () => 0,
  });
  await nodes.start();
  onTestFinished(() => nodes.stop());
  expect(nodes.open.map(({ host, port }) => [host, port])).toEqual([
    ['::1', 81],
    ['c.example', 82],
  ]);
});

it('a node in clear is no node to an edge with TLS, whoever has written its record', async () => {
  const authority = await testAuthority();
  onTestFinished(() => authority.remove());
  const directory = new MemoryDirectory({ leaseMs: 10_000, retentionMs: 100_000 });
  await directory.register(nodeOf('secure', 'https://a.example'));
  await directory.register(nodeOf('clear', 'http://b.example:81'));
  const nodes = new KnownNodes({
    directory,
    refreshMs: 3000,
    self: undefined,
    tls: tlsOf(await authority.issue('edge'), authority),
    onChange: () => undefined,
    onGone: () => undefined,
    onError: undefined,
    now: () => 0,
  });
  await nodes.start();
  onTestFinished(() => nodes.stop());
  expect(nodes.open.map(({ host, port }) => [host, port])).toEqual([['a.example', 443]]);
  expect(nodes.find({ id: 'clear', boot: 'b' })).toBeUndefined();
});

it('a node that drains is open to what makes no instance while there is no other', async () => {
  const directory = new MemoryDirectory({ leaseMs: 10_000, retentionMs: 100_000 });
  const draining = { ...nodeOf('a', 'http://127.0.0.1:1'), state: 'draining' as const };
  await directory.register(draining);
  const nodes = new KnownNodes({
    directory,
    refreshMs: 3000,
    self: undefined,
    onChange: () => undefined,
    onGone: () => undefined,
    onError: undefined,
    now: () => performance.now(),
  });
  await nodes.start();
  onTestFinished(() => nodes.stop());
  expect(nodes.open.map(({ record }) => record.id)).toEqual(['a']);
  await directory.register(nodeOf('b', 'http://127.0.0.1:2'));
  await expect.poll(() => nodes.open.map(({ record }) => record.id), { timeout: 4000 }).toEqual(['b']);
});

it('a port has refused twice when it did so within half a second', () => {
  const link = new NodeLink(nodeOf('a', 'http://127.0.0.1:1'));
  expect(link.refused(1000)).toBe(false);
  expect(link.refused(1501)).toBe(false);
  expect(link.refused(2001)).toBe(true);
});

it('nodes are asked for out of turn when somebody waits for one to go, a few times a second at most', async () => {
  const directory = new MemoryDirectory({ leaseMs: 10_000, retentionMs: 100_000 });
  let asked = 0;
  let now = 0;
  const nodes = new KnownNodes({
    directory: {
      nodes: async () => {
        asked += 1;
        return await directory.nodes();
      },
      watch: () => () => undefined,
    },
    refreshMs: 60_000,
    self: undefined,
    onChange: () => undefined,
    onGone: () => undefined,
    onError: undefined,
    now: () => now,
  });
  await directory.register(nodeOf('a', 'http://a.example'));
  await nodes.start();
  onTestFinished(() => nodes.stop());
  await directory.leave(nodeOf('a', 'http://a.example'));
  await Promise.all([nodes.recheck(), nodes.recheck()]);
  expect([asked, nodes.nodes.length]).toEqual([1, 1]);
  now = 250;
  await Promise.all([nodes.recheck(), nodes.recheck()]);
  expect([asked, nodes.nodes.length]).toEqual([2, 0]);
});
