import type { InstanceName } from '@sluice/directory';
import { ClusterView, type InstanceDocument, type NodeDocument } from './cluster-view.ts';
import { CommandFailed } from './command-failed.ts';
import type { ConfigurationInput } from './configuration.ts';
import { textTable } from './text-table.ts';
import { withDirectory } from './with-directory.ts';

/** Where the cluster is, and whether the answer is for programs. */
export interface ClusterCommand extends ConfigurationInput {
  readonly json: boolean;
}

/** `sluice nodes`. All of these throw as `withDirectory` does. */
export async function showNodes(command: ClusterCommand): Promise<string> {
  return await withDirectory(command, async ({ config, directory }) => {
    const nodes = await new ClusterView(directory).nodes();
    if (command.json) return jsonLine({ nodes });
    return nodes.length === 0 ? `No node has registered in cluster '${config.cluster.id}'.\n` : nodeTable(nodes);
  });
}

/** `sluice instances`. */
export async function showInstances(command: ClusterCommand, nodeId: string | undefined): Promise<string> {
  return await withDirectory(command, async ({ config, directory }) => {
    const instances = await new ClusterView(directory).instances(nodeId);
    if (command.json) return jsonLine({ instances });
    const where = nodeId === undefined ? `in cluster '${config.cluster.id}'` : `at node ${nodeId}`;
    return instances.length === 0 ? `No consumer instances ${where}.\n` : instanceTable(instances);
  });
}

/** `sluice owner`. @throws CommandFailed, too, when there is no such instance */
export async function showOwner(command: ClusterCommand, name: InstanceName): Promise<string> {
  return await withDirectory(command, async ({ config, directory }) => {
    const owner = await new ClusterView(directory).owner(name);
    if (owner === undefined) {
      const where = `in group ${JSON.stringify(name.group)} of cluster '${config.cluster.id}'`;
      throw new CommandFailed(`no such instance: ${JSON.stringify(name.instance)} ${where}`);
    }
    if (command.json) return jsonLine(owner);
    const { group, instance, node, epoch, address } = owner;
    const where = address ?? '(gone; the next request moves it)';
    return textTable(
      ['GROUP', 'INSTANCE', 'NODE', 'EPOCH', 'ADDRESS'],
      [[group, instance, node, String(epoch), where]],
    );
  });
}

function nodeTable(nodes: readonly NodeDocument[]): string {
  const rows = nodes.map(({ id, state, load, address, build, boot }) => {
    const instances = `${load.instances}/${load.instancesMax}`;
    return [id, state, instances, `${Math.round(load.utilization * 100)} %`, address, build, boot];
  });
  return textTable(['NODE', 'STATE', 'INSTANCES', 'LOAD', 'ADDRESS', 'BUILD', 'BOOT'], rows);
}

function instanceTable(instances: readonly InstanceDocument[]): string {
  const rows = instances.map(({ group, instance, node, epoch }) => [group, instance, node, String(epoch)]);
  return textTable(['GROUP', 'INSTANCE', 'NODE', 'EPOCH'], rows);
}

export function jsonLine(document: object): string {
  return `${JSON.stringify(document)}\n`;
}
