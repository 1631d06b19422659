import { Command, InvalidArgumentError } from 'commander';
import { addClusterCommands } from './cluster-command-lines.ts';
import { type CommonOptions, DEV_PORT, setOption } from './command-options.ts';
import { listKeys, showConfiguration } from './config-command.ts';
import { loadConfiguration } from './configuration.ts';
import { reportProblems } from './report-problems.ts';
import { readVersion } from './version.ts';

/** The command `sluice`; see its --help. */
export async function runSluice(commandArguments: readonly string[]): Promise<void> {
  await createProgram().parseAsync([...commandArguments], { from: 'user' });
}

function createProgram(): Command {
  const program = new Command('sluice')
    .description('A REST proxy for Apache Kafka, compatible with Confluent REST Proxy v2.')
    .version(readVersion());
  addServe(program);
  addDev(program);
  addConfig(program);
  addClusterCommands(program);
  return program;
}

function addServe(program: Command): void {
  program
    .command('serve')
    .description('serve the REST API until SIGTERM or SIGINT')
    .option('--config <file>', 'properties file, with the keys of kafka-rest.properties')
    .addOption(setOption())
    .action(async ({ config, set }: CommonOptions) => {
      await reportProblems(async () => {
        const { runServer } = await import('./run-server.ts');
        await runServer(loadConfiguration({ file: config, set }));
      });
    });
}

function addDev(program: Command): void {
  program
    .command('dev')
    .description('try it out: serve the REST API over a Kafka in memory, with a demo topic')
    .option('--port <port>', 'port of the API, on the loopback interface', parsePort, DEV_PORT)
    .option('--bootstrap <host:port>', 'use this Kafka instead of one in memory')
    .addOption(setOption())
    .action(async (options: { port: number; bootstrap?: string; set: readonly string[] }) => {
      await reportProblems(async () => {
        const { runDev } = await import('./dev.ts');
        await runDev(options);
      });
    });
}

function addConfig(program: Command): void {
  program
    .command('config')
    .description('show the effective configuration, secrets hidden')
    .option('--list', 'list all keys with their meaning and default instead')
    .option('--config <file>', 'properties file')
    .addOption(setOption())
    .action(async ({ list, config, set }: CommonOptions & { readonly list?: boolean }) => {
      await reportProblems(() => {
        process.stdout.write(list === true ? listKeys() : showConfiguration({ file: config, set }));
      });
    });
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('allowed is a number from 0 to 65535');
  return port;
}
