import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeRecord } from '../src/directory.ts';
import { MemoryDirectory } from '../src/memory-directory.ts';
import { NodeList } from '../src/node-list.ts';

const load = { instances: 0, instancesMax: 10, utilization: 0 };
const nodeOf = (id: string, boot = 'b1'): NodeRecord => {
  return { id, boot, address: `http://${id}`, state: 'up', recordVersion: 1, build: '0', load };
};

describe('the list of nodes', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('knows a node in its present life, as soon as it comes, and no more once it has gone', async () => {
    const directory = new MemoryDirectory({ leaseMs: 10_000, retentionMs: 100_000 });
    const list = new NodeList({ directory, refreshMs: 1000 });
    await directory.register(nodeOf('a'));
    await list.start();
    expect(list.find(nodeOf('a'))).toEqual(nodeOf('a'));
    expect(list.find(nodeOf('a', 'b2'))).toBeUndefined();
    await directory.register(nodeOf('b'));
    await vi.advanceTimersByTimeAsync(0);
    expect(list.nodes).toEqual([nodeOf('a'), nodeOf('b')]);
    await directory.leave(nodeOf('a'));
    await vi.advanceTimersByTimeAsync(0);
    expect(list.nodes).toEqual([nodeOf('b')]);
    // A lease that runs out makes no news.
    await vi.advanceTimersByTimeAsync(11_000);
    expect(list.nodes).toEqual([]);
    list.stop();
  });

  it('keeps what it knew while the directory is away', async () => {
    let away = false;
    const errors: unknown[] = [];
    const nodes = async (): Promise<NodeRecord[]> => await (away ? Promise.reject(new Error('away')) : [nodeOf('a')]);
    const list = new NodeList({
      directory: { nodes, watch: () => () => undefined },
      refreshMs: 1000,
      onError: (error) => errors.push(error),
    });
    await list.start();
    away = true;
    await vi.advanceTimersByTimeAsync(5000);
    expect(list.nodes).toEqual([nodeOf('a')]);
    expect(errors).toHaveLength(5);
    list.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(errors).toHaveLength(5);
  });

  it('asks again when news came while it was asking', async () => {
    const answers: ((nodes: NodeRecord[]) => void)[] = [];
    const list = new NodeList({
      directory: {
        nodes: async () => await new Promise((resolve) => answers.push(resolve)),
        watch: () => () => undefined,
      },
      refreshMs: 1_000_000,
    });
    const started = list.start();
    const news = list.refresh();
    answers[0]?.([nodeOf('old')]);
    await vi.advanceTimersByTimeAsync(0);
    answers[1]?.([nodeOf('new')]);
    await Promise.all([started, news]);
    expect(list.nodes).toEqual([nodeOf('new')]);
    list.stop();
  });
});
