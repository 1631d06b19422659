import { startSluice } from '../harness/sluice.ts';
import { goals, SLUICE } from './goals.ts';
import { interleave, type Measurement, type Outcome } from './measurement.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { proxyColumns } from './report.ts';
import { type Bench, say, withBroker } from './run-bench.ts';
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

/** Characters of its log that are shown when a scenario fails. */
const LAST_WORDS = 2000;

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
