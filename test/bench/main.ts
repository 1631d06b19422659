import { writeFileSync } from 'node:fs';
import { type KafkaBroker, startKafka } from '../harness/kafka.ts';
import { startSluice } from '../harness/sluice.ts';
import { judge, SLUICE } from './goals.ts';
import { observeMachine } from './machine.ts';
import { interleave, type Measurement, type Outcome } from './measurement.ts';
import { type BenchOptions, parseOptions, UsageError, usage } from './options.ts';
import { figuresTable, goalsTable, machineText } from './report.ts';
import type { Scenario } from './scenarios/bench-run.ts';
import { consumeBinary, consumeJson } from './scenarios/consume.ts';
import { idle1000 } from './scenarios/idle.ts';
import { produceBatchBinary, produceBatchJson, produceSingle } from './scenarios/produce.ts';
import { polls200, wakeUp } from './scenarios/waiting.ts';

/**
 * Each stage has a proxy of its own: what a thousand instances leave behind is nothing to the others. Producing and
 * consuming share one, as in production, so that its peak of memory is that of all of it.
 */
const STAGES: readonly Readonly<Record<string, Scenario>>[] = [
  {
    'produce-single': produceSingle,
    'produce-batch-binary': produceBatchBinary,
    'produce-batch-json': produceBatchJson,
    'consume-binary': consumeBinary,
    'consume-json': consumeJson,
  },
  { wakeup: wakeUp },
  { 'polls-200': polls200 },
  { 'idle-1000': idle1000 },
];

/** A broker that is no bottleneck: the optimising compiler, and memory enough. */
const JVM = ['-XX:+UseSerialGC', '-Xms1g', '-Xmx1g'];

/** Characters of its log that are shown when a scenario fails. */
const LAST_WORDS = 2000;

const say = (text: string): void => {
  process.stderr.write(`bench: ${text}\n`);
};

async function withBroker<Result>(
  bootstrap: string | undefined,
  work: (bootstrap: string) => Promise<Result>,
): Promise<Result> {
  if (bootstrap !== undefined) return await work(bootstrap);
  say('starting Kafka');
  const broker: KafkaBroker = await startKafka({ jvmArguments: JVM, initialRebalanceDelayMs: 0 });
  try {
    return await work(broker.bootstrap);
  } finally {
    await broker.stop();
  }
}

/** Runs the scenarios of a stage that were asked for against a proxy that is started for them. */
async function runStage(
  scenarios: readonly (readonly [string, Scenario])[],
  options: BenchOptions & { readonly bootstrap: string },
  measure: (measurement: Measurement) => Promise<void>,
): Promise<void> {
  const { bootstrap, effort, rivals } = options;
  const proxy = await startSluice({ properties: { 'bootstrap.servers': bootstrap } });
  try {
    const sluice = { name: SLUICE, url: proxy.url, pid: proxy.pid };
    for (const [name, scenario] of scenarios) {
      say(name);
      await scenario({ bootstrap, effort, sluice, rivals }, measure);
    }
  } catch (error) {
    say(`the proxy's last words: ${(await proxy.logs()).slice(-LAST_WORDS)}`);
    throw error;
  } finally {
    await proxy.stop();
  }
}

async function runAll(options: BenchOptions, outcomes: Outcome[]): Promise<void> {
  const measure = async (measurement: Measurement): Promise<void> => {
    outcomes.push(await interleave(measurement, options.effort.rounds));
  };
  await withBroker(options.bootstrap, async (bootstrap) => {
    for (const stage of STAGES) {
      const wanted = Object.entries(stage).filter(([name]) => options.scenarios?.includes(name) ?? true);
      if (wanted.length > 0) await runStage(wanted, { ...options, bootstrap }, measure);
    }
  });
}

async function bench(commandLine: readonly string[]): Promise<void> {
  if (commandLine.includes('--help')) {
    process.stdout.write(usage);
    return;
  }
  const options = parseOptions(
    commandLine,
    STAGES.flatMap((stage) => Object.keys(stage)),
  );
  const factsSince = await observeMachine();
  const startedAt = performance.now();
  const outcomes: Outcome[] = [];
  await runAll(options, outcomes);
  const verdicts = judge(outcomes);
  const machine = factsSince();
  process.stdout.write(`\n${figuresTable(outcomes)}\n${goalsTable(verdicts)}\n${machineText(machine)}`);
  say(`took ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  if (options.jsonFile !== undefined) {
    const document = { machine, effort: options.effort, outcomes, verdicts };
    writeFileSync(options.jsonFile, `${JSON.stringify(document, null, 2)}\n`);
  }
}

// Each process of the bench has a guard that ends it when this one is gone, so that going is all there is to do.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code));
}

try {
  await bench(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${usage}`);
  else say((error as Error).stack ?? String(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
