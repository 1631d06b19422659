import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../../../test/harness/free-ports.ts';
import { type RedisServer, startRedis } from '../../../test/harness/redis.ts';
import { startTlsRedis } from '../../../test/harness/redis-tls.ts';
import { showInstances, showNodes, showOwner } from '../src/cluster-commands.ts';
import { textTable } from '../src/text-table.ts';
import { launch, temporaryFolder } from './launched.ts';
import { held, loadOf, nodeOf, type RegisteredCluster, registeredCluster } from './registered-cluster.ts';

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis?.stop();
});

const of = ({ set }: RegisteredCluster, json = false) => ({ set, json, environment: {} });

describe('sluice nodes', () => {
  it('lists the nodes whose leases run in an aligned table', async () => {
    const draining = nodeOf('worker-10', { state: 'draining', load: loadOf(12) });
    const cluster = await registeredCluster(redis.url, draining, nodeOf('a'), nodeOf('gone'));
    await cluster.directory.leave(nodeOf('gone'));
    expect(await showNodes(of(cluster))).toBe(
      [
        'NODE       STATE     INSTANCES  LOAD  ADDRESS                 BUILD  BOOT',
        'a          up        0/1000     3 %   http://a:18082          0.1.0  a-boot',
        'worker-10  draining  12/1000    3 %   http://worker-10:18082  0.1.0  worker-10-boot',
        '',
      ].join('\n'),
    );
  });

  it('gives programs the document of the management listener', async () => {
    const { recordVersion: _version, ...document } = nodeOf('a');
    const cluster = await registeredCluster(redis.url, nodeOf('a'));
    expect(JSON.parse(await showNodes(of(cluster, true)))).toEqual({ nodes: [document] });
  });

  it('says so when there are none', async () => {
    const cluster = await registeredCluster(redis.url);
    expect(await showNodes(of(cluster))).toBe(`No node has registered in cluster '${cluster.id}'.\n`);
    expect(await showNodes(of(cluster, true))).toBe('{"nodes":[]}\n');
  });

  it('takes the configuration file of a node, in a process of its own', async () => {
    const cluster = await registeredCluster(redis.url, nodeOf('a'));
    const file = join(temporaryFolder(), 'node.properties');
    writeFileSync(file, `sluice.role=worker\nbootstrap.servers=b:1\n${cluster.set.join('\n')}\n`);
    const command = launch('sluice', ['nodes', '--config', file]);
    expect(await command.exited).toBe(0);
    expect(command.output()).toContain('\na     up ');
  });
});

describe('sluice instances', () => {
  it('lists what the nodes hold, or one of them', async () => {
    const cluster = await registeredCluster(redis.url, nodeOf('a'), nodeOf('b'));
    await held(cluster, nodeOf('a'), 'orders', 'me');
    await held(cluster, nodeOf('b'), 'bills', 'you\u001b[2J');
    expect(await showInstances(of(cluster), undefined)).toBe(
      [
        'GROUP   INSTANCE      NODE  EPOCH',
        'bills   you\\u{1b}[2J  b     1000',
        'orders  me            a     1000',
        '',
      ].join('\n'),
    );
    expect(JSON.parse(await showInstances(of(cluster, true), 'a'))).toEqual({
      instances: [{ group: 'orders', instance: 'me', node: 'a', epoch: 1000 }],
    });
  });

  it('names the nodes that there are when it is asked for another, and exits with 1', async () => {
    const cluster = await registeredCluster(redis.url, nodeOf('a'), nodeOf('b'));
    expect(await showInstances(of(cluster), 'a')).toBe('No consumer instances at node a.\n');
    const command = launch('sluice', ['instances', '--node', 'c', ...cluster.parameters]);
    expect(await command.exited).toBe(1);
    expect(command.output()).toBe('no such node: c (there is a, b)\n');
  });
});

describe('sluice owner', () => {
  it('tells where an instance is', async () => {
    const cluster = await registeredCluster(redis.url, nodeOf('a'));
    await held(cluster, nodeOf('a'), 'g', 'i');
    const name = { group: 'g', instance: 'i' };
    expect(await showOwner(of(cluster), name)).toBe(
      'GROUP  INSTANCE  NODE  EPOCH  ADDRESS\ng      i         a     1000   http://a:18082\n',
    );
    await cluster.directory.leave(nodeOf('a'));
    expect(await showOwner(of(cluster), name)).toContain('(gone; the next request moves it)');
    expect(JSON.parse(await showOwner(of(cluster, true), name))).toEqual({
      ...name,
      node: 'a',
      boot: 'a-boot',
      epoch: 1000,
      address: null,
    });
  });

  it('knows none of what does not exist, and exits with 1', async () => {
    // What is missing counts as gone only when a lease has passed since the cluster began.
    const cluster = await registeredCluster(redis.url);
    const settled = [...cluster.parameters, '--set', 'sluice.lease.ms=500'];
    const answer = async (): Promise<string> => {
      const command = launch('sluice', ['owner', 'g', 'i', ...settled]);
      expect(await command.exited).toBe(1);
      return command.output();
    };
    expect(await answer()).toContain('still being restored');
    await expect
      .poll(answer, { timeout: 15_000 })
      .toBe(`no such instance: "i" in group "g" of cluster '${cluster.id}'\n`);
  });
});

describe('a command for a cluster', () => {
  it('that is not told where the cluster is says what to do, and exits with 1', async () => {
    for (const command of [['nodes'], ['instances'], ['owner', 'g', 'i'], ['drain', 'a']]) {
      const launched = launch('sluice', command);
      expect([await launched.exited, launched.output()]).toEqual([
        1,
        'sluice.redis.url is not set: name the configuration file of a node (--config FILE), or --set sluice.redis.url=redis://HOST:6379\n',
      ]);
    }
  });

  it('tells all that is wrong with the configuration', async () => {
    const launched = launch('sluice', ['nodes', '--set', 'sluice.redis.url=http://u:hunter2@r', '--set', 'port=x']);
    expect(await launched.exited).toBe(1);
    expect(launched.output()).toContain('The configuration cannot be used, 2 problems:');
    expect(launched.output()).not.toContain('hunter2');
  });

  it('says why Redis cannot be reached, and exits with 1', async () => {
    const [port] = await freePorts(1);
    const launched = launch('sluice', ['nodes', '--set', `sluice.redis.url=redis://:hunter2@127.0.0.1:${port}`]);
    expect([await launched.exited, launched.output()]).toEqual([
      1,
      `the Redis of sluice.redis.url cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}\n`,
    ]);
  });

  it('believes the Redis whose certificate comes from sluice.redis.tls.ca.file, and no other', async () => {
    const secure = await startTlsRedis();
    onTestFinished(secure.stop);
    const cluster = await registeredCluster(secure.url, nodeOf('a'));
    const overTls = [...cluster.set, `sluice.redis.url=rediss://${secure.tlsAddress}`];
    const show = (...more: readonly string[]) =>
      showNodes({ set: [...overTls, ...more], json: false, environment: {} });
    expect(await show(`sluice.redis.tls.ca.file=${secure.authorityFile}`)).toContain('\na     up ');
    await expect(show()).rejects.toThrow('certificate');
  });

  it.each([
    ['none', '', 'NOAUTH'],
    ['a wrong one', ':hunter2@', 'WRONGPASS'],
  ])('says so when Redis wants a password and gets %s', async (_what, credentials, reason) => {
    await redis.command('CONFIG', 'SET', 'requirepass', 'right');
    try {
      const set = [`sluice.redis.url=redis://${credentials}127.0.0.1:${redis.port}`];
      await expect(showNodes({ set, json: false, environment: {} })).rejects.toThrow(reason);
    } finally {
      await redis.stop();
      redis = await startRedis();
    }
  });

  it('gives up on a Redis that is frozen', async () => {
    const cluster = await registeredCluster(redis.url);
    redis.freeze();
    try {
      await expect(showNodes(of(cluster))).rejects.toThrow('cannot be reached: Socket timeout');
    } finally {
      redis.thaw();
    }
  });
});

describe('a table', () => {
  it('is as wide as its entries, and ends no line with spaces', () => {
    expect(
      textTable(
        ['A', 'B'],
        [
          ['long', ''],
          ['x', 'y'],
        ],
      ),
    ).toBe('A     B\nlong\nx     y\n');
  });
});
