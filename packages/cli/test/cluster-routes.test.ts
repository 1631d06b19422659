import { DirectoryUnavailable, MemoryDirectory, type NodeRecord } from '@sluice/directory';
import { createLogger, formatListenAddress, Metrics, startManagementServer } from '@sluice/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ClusterRoutesOptions, clusterRoutes } from '../src/cluster-routes.ts';

const load = { instances: 2, instancesMax: 1000, utilization: 0.25 };

function nodeOf(id: string, more: Partial<NodeRecord> = {}): NodeRecord {
  const address = `http://${id}:1`;
  return { id, boot: `${id}-boot`, address, state: 'up', recordVersion: 1, build: '0.1.0', load, ...more };
}

async function memory(...nodes: readonly NodeRecord[]): Promise<MemoryDirectory> {
  const directory = new MemoryDirectory({ leaseMs: 10_000, retentionMs: 60_000, now: () => 1000 });
  for (const node of nodes) await directory.register(node);
  return directory;
}

/** Asks a management listener that has these routes. */
async function serve(options: Partial<ClusterRoutesOptions>) {
  const metrics = new Metrics();
  const server = await startManagementServer({
    listener: { scheme: 'http', host: '127.0.0.1', port: 0 },
    metrics,
    state: () => 'ready',
    checks: [],
    log: createLogger({ level: 'silent' }),
    routes: clusterRoutes({ directory: await memory(), ...options }),
  });
  onTestFinished(async () => {
    await server.close();
    metrics.close();
  });
  return async (path: string, method = 'GET'): Promise<{ status: number; body: unknown }> => {
    const answer = await fetch(`${formatListenAddress(server.address)}${path}`, { method });
    return { status: answer.status, body: await answer.json() };
  };
}

describe('the cluster on the management listener', () => {
  it('tells its nodes, by id, and nothing else of their records', async () => {
    const ask = await serve({ directory: await memory(nodeOf('b', { state: 'draining' }), nodeOf('a')) });
    expect(await ask('/cluster/nodes')).toEqual({
      status: 200,
      body: {
        nodes: [
          { id: 'a', boot: 'a-boot', address: 'http://a:1', state: 'up', build: '0.1.0', load },
          { id: 'b', boot: 'b-boot', address: 'http://b:1', state: 'draining', build: '0.1.0', load },
        ],
      },
    });
  });

  it('tells the instances of all nodes, or of one', async () => {
    const directory = await memory(nodeOf('a'), nodeOf('b'));
    const create = async (group: string, instance: string, node: string) => {
      const request = { node: nodeOf(node), config: '', requestId: `${group}/${instance}` };
      await directory.create({ name: { group, instance }, ...request });
    };
    await create('g', '2', 'a');
    await create('g', '1', 'b');
    await create('f', '3', 'a');
    const ask = await serve({ directory });
    const of = (group: string, instance: string, node: string) => ({ group, instance, node, epoch: 1000 });
    expect(await ask('/cluster/instances')).toEqual({
      status: 200,
      body: { instances: [of('f', '3', 'a'), of('g', '1', 'b'), of('g', '2', 'a')] },
    });
    expect(await ask('/cluster/instances?node=b')).toEqual({
      status: 200,
      body: { instances: [of('g', '1', 'b')] },
    });
    expect(await ask('/cluster/instances?node=c')).toEqual({
      status: 404,
      body: { error_code: 404, message: 'no such node: c (there is a, b)' },
    });
  });

  it('leaves out what the list of a node still names and another holds by now', async () => {
    const directory = await memory(nodeOf('a'), nodeOf('b'));
    const name = { group: 'g', instance: 'i' };
    await directory.create({ name, node: nodeOf('b'), config: '', requestId: 'r' });
    const stale = {
      nodes: () => directory.nodes(),
      find: directory.find.bind(directory),
      heldBy: async () => [name, { group: 'g', instance: 'deleted' }],
    };
    const ask = await serve({ directory: stale });
    expect(await ask('/cluster/instances')).toMatchObject({ body: { instances: [{ node: 'b' }] } });
  });

  it('tells who holds an instance, whatever its name is made of, and whether that node lives', async () => {
    const directory = await memory(nodeOf('a'));
    const name = { group: 'g/ü', instance: 'i & {j}' };
    await directory.create({ name, node: nodeOf('a'), config: '', requestId: 'r' });
    const path = `/cluster/owner?${String(new URLSearchParams(name))}`;
    const owner = { ...name, node: 'a', boot: 'a-boot', epoch: 1000 };
    const ask = await serve({ directory });
    expect(await ask(path)).toEqual({ status: 200, body: { ...owner, address: 'http://a:1' } });
    await directory.leave(nodeOf('a'));
    expect(await ask(path)).toEqual({ status: 200, body: { ...owner, address: null } });
  });

  it('knows no owner of what does not exist, and must be told what is meant', async () => {
    const ask = await serve({});
    expect(await ask('/cluster/owner?group=g&instance=i')).toEqual({
      status: 404,
      body: { error_code: 40403, message: 'Consumer instance not found.' },
    });
    expect((await ask('/cluster/owner?group=g')).status).toBe(400);
  });

  it('answers 503 while the directory does not answer', async () => {
    const gone = async () => {
      throw new DirectoryUnavailable('Redis did not answer: gone');
    };
    const ask = await serve({ directory: { nodes: gone, find: gone, heldBy: gone } });
    for (const path of ['/cluster/nodes', '/cluster/instances', '/cluster/owner?group=g&instance=i']) {
      expect(await ask(path)).toEqual({
        status: 503,
        body: { error_code: 503, message: 'Redis did not answer: gone' },
      });
    }
  });

  it('has nothing to tell a server that holds nothing', async () => {
    const ask = await serve({});
    expect((await ask('/cluster/nodes')).status).toBe(200);
    expect((await ask('/cluster/drain', 'POST')).status).toBe(404);
  });

  it('drains when it is told so, by POST', async () => {
    let drains = 0;
    const ask = await serve({
      drain: () => {
        drains += 1;
      },
    });
    expect((await ask('/cluster/drain')).status).toBe(405);
    expect(drains).toBe(0);
    expect(await ask('/cluster/drain', 'POST')).toEqual({ status: 202, body: { state: 'draining' } });
    expect(drains).toBe(1);
  });
});
