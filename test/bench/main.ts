import { clusterBench } from './cluster-bench.ts';
import { clusterUsage } from './cluster-options.ts';
import { UsageError, usage } from './options.ts';
import { proxyBench } from './proxy-bench.ts';
import { runBench, say } from './run-bench.ts';

const [first, ...rest] = process.argv.slice(2);
const isCluster = first === 'cluster';
const commandLine = isCluster ? rest : process.argv.slice(2);
const help = isCluster ? clusterUsage : usage;

async function bench(): Promise<void> {
  if (commandLine.includes('--help')) process.stdout.write(help);
  else await runBench(isCluster ? clusterBench(commandLine) : proxyBench(commandLine));
}

try {
  await bench();
  process.exit(0);
} catch (error) {
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${help}`);
  else say((error as Error).stack ?? String(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
