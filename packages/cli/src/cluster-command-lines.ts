import { type Command, InvalidArgumentError } from 'commander';
import { type ClusterCommand, showInstances, showNodes, showOwner } from './cluster-commands.ts';
import { type CommonOptions, setOption } from './command-options.ts';
import { drainNode } from './drain-command.ts';
import { reportProblems } from './report-problems.ts';

interface ClusterOptions extends CommonOptions {
  readonly json?: boolean;
}

const DRAIN_TIMEOUT_S = 300;
const DRAIN_TIMEOUT_MAX_S = 86_400;

/** The commands that look at a cluster, and the one that drains a node of it. */
export function addClusterCommands(program: Command): void {
  clusterCommand(program, 'nodes', 'list the nodes of the cluster').action(async (options: ClusterOptions) => {
    await print(() => showNodes(where(options)));
  });
  clusterCommand(program, 'instances', 'list the consumer instances of the cluster, and who holds them')
    .option('--node <id>', 'only those of one node')
    .action(async (options: ClusterOptions & { readonly node?: string }) => {
      await print(() => showInstances(where(options), options.node));
    });
  clusterCommand(program, 'owner', 'tell which node holds a consumer instance')
    .argument('<group>')
    .argument('<instance>')
    .action(async (group: string, instance: string, options: ClusterOptions) => {
      await print(() => showOwner(where(options), { group, instance }));
    });
  addDrain(program);
}

function addDrain(program: Command): void {
  clusterCommand(program, 'drain', 'have a node hand over its consumer instances, and take no new ones')
    .argument('<node>', 'its id, as in `sluice nodes`')
    .option('--wait', 'wait until it holds none any more')
    .option('--timeout <seconds>', 'how long to wait', parseSeconds, DRAIN_TIMEOUT_S)
    .action(async (node: string, options: ClusterOptions & { readonly wait?: boolean; readonly timeout: number }) => {
      await reportProblems(async () => {
        await drainNode({
          ...where(options),
          node,
          wait: options.wait === true,
          timeoutMs: options.timeout * 1000,
          write: (text) => process.stdout.write(text),
        });
      });
    });
}

function clusterCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--config <file>', 'properties file of a node')
    .addOption(setOption())
    .option('--json', 'print JSON');
}

function where({ config, set, json }: ClusterOptions): ClusterCommand {
  return { file: config, set, json: json === true };
}

async function print(show: () => Promise<string>): Promise<void> {
  await reportProblems(async () => {
    process.stdout.write(await show());
  });
}

function parseSeconds(text: string): number {
  const seconds = /^\d{1,6}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= DRAIN_TIMEOUT_MAX_S)) {
    throw new InvalidArgumentError(`allowed is a number from 0 to ${DRAIN_TIMEOUT_MAX_S}`);
  }
  return seconds;
}
