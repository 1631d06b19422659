import { startFaultyRegistry } from '../harness/faulty-registry.ts';
import { startRegistry } from '../harness/registry.ts';
import { startSluice } from '../harness/sluice.ts';
import { goals, SLUICE } from './goals.ts';
import { interleave, type Measurement, type Outcome } from './measurement.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { proxyColumns } from './report.ts';
import { type Bench, say, withBroker } from './run-bench.ts';
import type { Scenario } from './scenarios/bench-run.ts';
import { consumeBinary, consumeJson, consumeV1 } from './scenarios/consume.ts';
import { idle1000 } from './scenarios/idle.ts';
import { produceBatchBinary, produceBatchJson, produceSingle } from './scenarios/produce.ts';
import { consumeAvro, produceBatchAvro } from './scenarios/schemas.ts';
import { polls200, wakeUp } from './scenarios/waiting.ts';

/** With a schema registry that takes its time: after the first question that must cost nothing. */
const SCHEMA_STAGE: Readonly<Record<string, Scenario>> = {
  'produce-batch-avro': produceBatchAvro,
  'consume-avro': consumeAvro,
};
const REGISTRY_LATENCY_MS = 200;

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
  SCHEMA_STAGE,
  { 'consume-v1': consumeV1 },
  { wakeup: wakeUp },
  { 'polls-200': polls200 },
  { 'idle-1000': idle1000 },
];

/** Characters of its log that are shown when a scenario fails. */
const LAST_WORDS = 2000;

/** Starts a registry for the time of the work, and gives it a way that is slow beside the one that is not. */
async function withRegistry(work: (urls: { readonly url: string; readonly slowUrl: string }) => Promise<void>) {
  say('starting the schema registry');
  const registry = await startRegistry();
  try {
    const slow = await startFaultyRegistry(registry.url);
    slow.slow(REGISTRY_LATENCY_MS);
    try {
      await work({ url: registry.url, slowUrl: slow.url });
    } finally {
      await slow.close();
    }
  } finally {
    await registry.stop();
  }
}

interface StageOptions extends BenchOptions {
  readonly bootstrap: string;
  readonly registry?: { readonly url: string; readonly slowUrl: string };
}

/** Runs the scenarios of a stage that were asked for against a proxy that is started for them. */
async function runStage(
  scenarios: readonly (readonly [string, Scenario])[],
  options: StageOptions,
  measure: (measurement: Measurement) => Promise<void>,
): Promise<void> {
  const { bootstrap, effort, rivals, registry } = options;
  const properties = { 'bootstrap.servers': bootstrap, 'schema.registry.url': registry?.slowUrl ?? '' };
  const proxy = await startSluice({ properties });
  const metrics = async (): Promise<string> => (await proxy.management.call('GET', '/metrics')).text;
  try {
    const sluice = { name: SLUICE, url: proxy.url, pid: proxy.pid };
    for (const [name, scenario] of scenarios) {
      say(name);
      await scenario({ bootstrap, effort, sluice, rivals, registry, metrics }, measure);
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
      if (wanted.length === 0) continue;
      const staged = { ...options, bootstrap };
      if (stage !== SCHEMA_STAGE) await runStage(wanted, staged, measure);
      else await withRegistry(async (registry) => await runStage(wanted, { ...staged, registry }, measure));
    }
  });
}

/** Measures a proxy that stands alone. @throws UsageError */
export function proxyBench(commandLine: readonly string[]): Bench {
  const options = parseOptions(
    commandLine,
    STAGES.flatMap((stage) => Object.keys(stage)),
  );
  return {
    effort: options.effort,
    jsonFile: options.jsonFile,
    columns: proxyColumns,
    goals,
    run: async (outcomes) => await runAll(options, outcomes),
  };
}
