import { clusterGoals } from './cluster-goals.ts';
import { type ClusterBenchOptions, parseClusterOptions } from './cluster-options.ts';
import { interleave, type Outcome } from './measurement.ts';
import { clusterColumns } from './report.ts';
import { type Bench, say, withBroker } from './run-bench.ts';
import { type ClusterScenario, NO_BROKER } from './scenarios/cluster-run.ts';
import { drain } from './scenarios/drain.ts';
import { failover } from './scenarios/failover.ts';
import { hop, latency } from './scenarios/hop.ts';
import { redisTraffic } from './scenarios/redis-traffic.ts';

/** First, while there is no Kafka that takes its share of the machine. */
const WITHOUT_BROKER: Readonly<Record<string, ClusterScenario>> = { hop, latency };
const WITH_BROKER: Readonly<Record<string, ClusterScenario>> = { redis: redisTraffic, drain, failover };

async function runScenarios(
  scenarios: Readonly<Record<string, ClusterScenario>>,
  { effort, scenarios: names }: ClusterBenchOptions,
  outcomes: Outcome[],
): Promise<void> {
  const wanted = wantedOf(scenarios, names);
  const run = async (bootstrap: string): Promise<void> => {
    for (const [name, scenario] of wanted) {
      say(name);
      await scenario({ bootstrap, effort }, async (measurement) => {
        outcomes.push(await interleave(measurement, effort.rounds));
      });
    }
  };
  if (wanted.length === 0) return;
  if (scenarios === WITHOUT_BROKER) await run(NO_BROKER);
  else await withBroker(undefined, run);
}

function wantedOf(
  scenarios: Readonly<Record<string, ClusterScenario>>,
  names: readonly string[] | undefined,
): [string, ClusterScenario][] {
  return Object.entries(scenarios).filter(([name]) => names?.includes(name) ?? true);
}

/** Measures a cluster. @throws UsageError */
export function clusterBench(commandLine: readonly string[]): Bench {
  const options = parseClusterOptions(commandLine, [...Object.keys(WITHOUT_BROKER), ...Object.keys(WITH_BROKER)]);
  return {
    effort: options.effort,
    jsonFile: options.jsonFile,
    columns: clusterColumns,
    goals: clusterGoals(options.effort.leaseMs),
    run: async (outcomes) => {
      await runScenarios(WITHOUT_BROKER, options, outcomes);
      await runScenarios(WITH_BROKER, options, outcomes);
    },
  };
}
