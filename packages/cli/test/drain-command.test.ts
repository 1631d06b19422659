import type { NodeRecord } from '@sluice/directory';
import { ConfigError, type PeerAnswer, type PeerTls } from '@sluice/runtime';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../../test/harness/conditions.ts';
import { freePorts } from '../../../test/harness/free-ports.ts';
import { testAuthority, tlsOf } from '../../../test/harness/peer-certificates.ts';
import { type RedisServer, startRedis } from '../../../test/harness/redis.ts';
import { type DrainCommand, drainNode } from '../src/drain-command.ts';
import { launch } from './launched.ts';
import { internalListener, loadOf, nodeOf, type RegisteredCluster, registeredCluster } from './registered-cluster.ts';

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis?.stop();
});

/** Node `a` with 12 instances, which drains when it is told. */
async function drainable(
  tls?: PeerTls,
): Promise<{ cluster: RegisteredCluster; node: NodeRecord; calls: () => number }> {
  let calls = 0;
  const cluster = await registeredCluster(redis.url);
  const drain = async (): Promise<PeerAnswer> => {
    calls += 1;
    await cluster.directory.renew({ ...node, state: 'draining' });
    return { status: 202 };
  };
  const { announcedAddress: address } = await internalListener(nodeOf('a'), drain, tls);
  const node = nodeOf('a', { address, load: loadOf(12) });
  await cluster.directory.register(node);
  return { cluster, node, calls: () => calls };
}

const output = (lines: readonly string[]): string => lines.join('');

function commandFor(
  { set }: RegisteredCluster,
  more: Partial<DrainCommand> = {},
): DrainCommand & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const write = (text: string): void => void lines.push(text);
  return { set, environment: {}, node: 'a', wait: false, timeoutMs: 10_000, json: false, write, lines, ...more };
}

describe('sluice drain', () => {
  it('tells the node, and does not wait unless it is asked to', async () => {
    const { cluster, calls } = await drainable();
    const command = commandFor(cluster);
    await drainNode(command);
    expect([calls(), output(command.lines)]).toEqual([1, 'node a drains\n']);
    const [record] = await cluster.directory.nodes();
    expect(record?.state).toBe('draining');
  });

  it('follows the node with --wait until it holds nothing any more, in a process of its own', async () => {
    const { cluster, node } = await drainable();
    const command = launch('sluice', ['drain', 'a', '--wait', ...cluster.parameters]);
    const printed = async (line: string): Promise<void> => {
      await eventually(() => command.output().endsWith(line), {
        deadlineMs: 15_000,
        describe: `'${line}' to be printed; so far: ${command.output()}`,
      });
    };
    await printed('12 instances left\n');
    await cluster.directory.renew({ ...node, state: 'draining', load: loadOf(1) });
    await printed('1 instance left\n');
    await cluster.directory.renew({ ...node, state: 'draining', load: loadOf(0) });
    expect(await command.exited).toBe(0);
    expect(command.output()).toBe('12 instances left\n1 instance left\nnode a holds no instances any more\n');
  });

  it('is done when the node is gone, or another life of it has begun', async () => {
    const { cluster, node } = await drainable();
    const command = commandFor(cluster, { wait: true, json: true });
    const drained = drainNode(command);
    await eventually(() => command.lines.length === 1, { deadlineMs: 10_000, describe: 'the first line' });
    await cluster.directory.register({ ...node, boot: 'next' });
    await drained;
    expect(command.lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { node: 'a', state: 'draining', instances: 12 },
      { node: 'a', state: 'gone', instances: 0 },
    ]);
  });

  it('waits on while Redis is away for a moment', async () => {
    const { cluster, node } = await drainable();
    const command = commandFor(cluster, { wait: true, timeoutMs: 30_000 });
    const drained = drainNode(command);
    await eventually(() => command.lines.length === 1, { deadlineMs: 10_000, describe: 'the first line' });
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await eventually(
      () => cluster.directory.renew({ ...node, state: 'draining', load: loadOf(0) }).catch(() => undefined),
      { deadlineMs: 10_000, describe: 'the record to be written' },
    );
    await drained;
    expect(output(command.lines)).toBe('12 instances left\nnode a holds no instances any more\n');
  });

  it('says what is left when its time is over', async () => {
    const { cluster } = await drainable();
    await expect(drainNode(commandFor(cluster, { wait: true, timeoutMs: 300 }))).rejects.toThrow(
      'node a still holds 12 instances after 0.3 s',
    );
  });

  it('names the nodes that there are when it is told another, and exits with 1', async () => {
    const { cluster } = await drainable();
    const command = launch('sluice', ['drain', 'b', ...cluster.parameters]);
    expect([await command.exited, command.output()]).toEqual([1, 'no such node: b (there is a)\n']);
  });

  it('says why the node does not do it', async () => {
    const { cluster, node, calls } = await drainable();
    const drain = (set: readonly string[] = []) => drainNode(commandFor({ ...cluster, set: [...cluster.set, ...set] }));
    await expect(drain(['sluice.cluster.secret='])).rejects.toThrow(
      'neither sluice.cluster.secret nor sluice.internal.tls.certificate.file is set',
    );
    await expect(drain(['sluice.cluster.secret=another cluster’s'])).rejects.toThrow(ConfigError);
    await expect(drain(['sluice.cluster.secret=that of another cluster'])).rejects.toThrow(
      `node a refuses the secret: sluice.cluster.secret is not that of its cluster (${node.address})`,
    );
    await cluster.directory.register({ ...node, boot: 'not there yet' });
    await expect(drain()).rejects.toThrow(`node a is gone: another process runs at its address (${node.address})`);
    const [port] = await freePorts(1);
    await cluster.directory.register({ ...node, address: `http://127.0.0.1:${port}` });
    await expect(drain()).rejects.toThrow(`node a: connect ECONNREFUSED 127.0.0.1:${port}`);
    expect(calls()).toBe(0);
  });

  it('shows a node with TLS the certificate of the configuration, and needs no secret then', async () => {
    const authority = await testAuthority();
    onTestFinished(() => authority.remove());
    const certificate = await authority.issue('node');
    const { cluster, node, calls } = await drainable(tlsOf(certificate, authority));
    const set = [...cluster.set, 'sluice.cluster.secret='];
    const tls = [
      `sluice.internal.tls.certificate.file=${certificate.certificateFile}`,
      `sluice.internal.tls.key.file=${certificate.keyFile}`,
    ];
    const ca = `sluice.internal.tls.ca.file=${authority.certificateFile}`;
    await drainNode(commandFor({ ...cluster, set: [...set, ...tls, ca] }));
    expect(calls()).toBe(1);
    const refused = (more: readonly string[]) =>
      expect(drainNode(commandFor({ ...cluster, set: [...set, ...more] }))).rejects;
    await refused(tls).toThrow('sluice.internal.tls.ca.file: nothing is set');
    await refused([...tls, 'sluice.internal.tls.ca.file=/nowhere']).toThrow("'/nowhere' cannot be read (ENOENT)");
    await refused(['sluice.cluster.secret=0123456789abcdef']).toThrow(
      `node a: ${node.address} takes TLS, for which this node lacks sluice.internal.tls.certificate.file`,
    );
    expect(calls()).toBe(1);
  });
});
