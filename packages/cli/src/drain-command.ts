import { setTimeout as sleep } from 'node:timers/promises';
import { DirectoryUnavailable } from '@sluice/directory';
import { type Config, PeerClient, type PeerCredentials, PeerTls, PeerUnreachable } from '@sluice/runtime';
import { type ClusterCommand, jsonLine } from './cluster-commands.ts';
import { ClusterView, type NodeDocument } from './cluster-view.ts';
import { CommandFailed } from './command-failed.ts';
import { withDirectory } from './with-directory.ts';

export interface DrainCommand extends ClusterCommand {
  readonly node: string;
  /** Until the node holds nothing any more, or is gone. */
  readonly wait: boolean;
  /** How long, with `wait`. */
  readonly timeoutMs: number;
  readonly write: (text: string) => void;
}

const CALL_TIMEOUT_MS = 5000;
const LOOK_INTERVAL_MS = 250;

/**
 * `sluice drain`: tells a node to hand over what it holds, and to take nothing new. The process runs on: who ends it then
 * moves nothing any more. What no other node takes stays with it.
 *
 * @throws as `withDirectory` does; CommandFailed when the node does not do it, or not in time
 */
export async function drainNode(command: DrainCommand): Promise<void> {
  await withDirectory(command, async ({ config, directory }) => {
    const view = new ClusterView(directory);
    const node = await view.node(command.node);
    await tell(node, credentialsOf(config));
    if (command.wait) await follow(command, view, node);
    else report(command, { state: 'draining', instances: node.load.instances }, `node ${node.id} drains`);
  });
}

/** @throws ConfigError; CommandFailed when there is nothing that a node could know this command by */
function credentialsOf({ cluster }: Config): PeerCredentials {
  const { secret } = cluster;
  const tls = PeerTls.read(cluster);
  if (secret !== '' || tls !== undefined) return { secret, tls };
  throw new CommandFailed(
    'neither sluice.cluster.secret nor sluice.internal.tls.certificate.file is set: a node is told to drain only by what its cluster knows',
  );
}

async function tell(node: NodeDocument, credentials: PeerCredentials): Promise<void> {
  const peers = new PeerClient(credentials);
  try {
    const { status } = await peers.call(node, 'drain', {}, { timeoutMs: CALL_TIMEOUT_MS });
    if (status < 300) return;
    const reasons = new Map([
      [403, 'refuses the secret: sluice.cluster.secret is not that of its cluster'],
      [421, 'is gone: another process runs at its address'],
    ]);
    throw new CommandFailed(`node ${node.id} ${reasons.get(status) ?? `answered ${status}`} (${node.address})`);
  } catch (error) {
    if (!(error instanceof PeerUnreachable)) throw error;
    throw new CommandFailed(`${error.message} (${node.address})`, { cause: error });
  } finally {
    peers.close();
  }
}

/** Looks at the record of the node until it is done. That Redis is away for a while does not end it. */
async function follow(command: DrainCommand, view: ClusterView, node: NodeDocument): Promise<void> {
  const end = performance.now() + command.timeoutMs;
  let left: number | undefined;
  for (;;) {
    const now = await look(view, node);
    if (now === 'gone') return report(command, { state: 'gone', instances: 0 }, `node ${node.id} is gone`);
    const instances = now?.load.instances ?? left;
    if (now?.state === 'draining' && instances === 0) {
      return report(command, { state: 'drained', instances: 0 }, `node ${node.id} holds no instances any more`);
    }
    if (instances !== undefined && instances !== left) {
      report(command, { state: 'draining', instances }, `${count(instances)} left`);
      left = instances;
    }
    if (performance.now() >= end) {
      const held = left === undefined ? 'has not said what it holds' : `still holds ${count(left)}`;
      throw new CommandFailed(
        `node ${node.id} ${held} after ${command.timeoutMs / 1000} s (it goes on draining; --timeout SECONDS waits longer)`,
      );
    }
    await sleep(LOOK_INTERVAL_MS);
  }
}

async function look(view: ClusterView, { id, boot }: NodeDocument): Promise<NodeDocument | 'gone' | undefined> {
  try {
    const nodes = await view.nodes();
    return nodes.find((node) => node.id === id && node.boot === boot) ?? 'gone';
  } catch (error) {
    if (error instanceof DirectoryUnavailable) return undefined;
    throw error;
  }
}

interface Progress {
  readonly state: 'draining' | 'drained' | 'gone';
  readonly instances: number;
}

function report({ node, json, write }: DrainCommand, progress: Progress, text: string): void {
  write(json ? jsonLine({ node, ...progress }) : `${text}\n`);
}

function count(instances: number): string {
  return instances === 1 ? '1 instance' : `${instances} instances`;
}
