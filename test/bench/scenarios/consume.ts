import { createBenchTopic, deleteTopic, prefill } from '../bench-topics.ts';
import type { Contender, Figures } from '../measurement.ts';
import type { Format } from '../payloads.ts';
import { cpuSeconds, peakResidentMib } from '../process-cost.ts';
import { runProgram } from '../processes.ts';
import type { ConsumeResult } from '../programs/raw-consume.ts';
import type { BenchRun, Scenario, Target } from './bench-run.ts';

const PARTITIONS = 6;
export const RECORDS = 100_000;
/** Each of the rounds that were asked for: a run takes a second, and a neighbour of that second shows. */
export const RUNS_A_ROUND = 3;

function figuresOf(result: ConsumeResult, cpu: number): Figures {
  const { recordsPerSecond, p50Ms, p99Ms } = result;
  return { recordsPerSecond, p50Ms, p99Ms, cpuPer100kRecords: (cpu * 100_000) / result.records };
}

export function consumeContender(target: Target, topic: string, format: Format): Contender {
  const consume = async (verify: boolean): Promise<ConsumeResult> => {
    return await runProgram('rest-consume', { url: target.url, topic, format, records: RECORDS, verify });
  };
  return {
    name: target.name,
    run: async (round): Promise<Figures> => {
      // The warm-up looks at each record; those that are measured only count them.
      if (round === 0) await consume(true);
      const { pid } = target;
      const before = pid === undefined ? 0 : cpuSeconds(pid);
      const result = await consume(false);
      if (pid !== undefined) {
        return { ...figuresOf(result, cpuSeconds(pid) - before), peakRssMib: peakResidentMib(pid) };
      }
      const { recordsPerSecond, p50Ms, p99Ms } = result;
      return { recordsPerSecond, p50Ms, p99Ms };
    },
  };
}

function rawContender({ bootstrap }: BenchRun, topic: string): Contender {
  return {
    name: 'raw-consume',
    run: async (): Promise<Figures> => {
      const result = await runProgram('raw-consume', { bootstrap, topic, records: RECORDS });
      return figuresOf(result, result.cpuSeconds);
    },
  };
}

function consumeScenario(format: 'json' | 'binary'): Scenario {
  return async (run, measure) => {
    const topic = await createBenchTopic(run.bootstrap, PARTITIONS);
    try {
      await prefill(run.bootstrap, topic, PARTITIONS, RECORDS);
      const servers = [run.sluice, ...run.rivals].map((target) => consumeContender(target, topic, format));
      await measure({
        name: `consume-${format}`,
        contenders: [...servers, rawContender(run, topic)],
        rounds: RUNS_A_ROUND * run.effort.rounds,
      });
    } finally {
      await deleteTopic(run.bootstrap, topic);
    }
  };
}

export const consumeBinary: Scenario = consumeScenario('binary');
export const consumeJson: Scenario = consumeScenario('json');
