import { createBenchTopic, deleteTopic, prefill } from '../bench-topics.ts';
import type { Way } from '../clients/topic-readers.ts';
import { SLUICE, SLUICE_V2 } from '../goals.ts';
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
/** As many records at once as a read of the others brings, and as few as a careful client of the simple consumer asks for. */
const V1_WAYS: Readonly<Record<string, { readonly way: Way; readonly count?: number }>> = {
  'consume-v1': { way: 'v1' },
  'simple-consume': { way: 'simple', count: 4000 },
  'simple-consume-1000': { way: 'simple', count: 1000 },
};

function figuresOf(result: ConsumeResult, cpu: number): Figures {
  const { recordsPerSecond, p50Ms, p99Ms } = result;
  return { recordsPerSecond, p50Ms, p99Ms, cpuPer100kRecords: (cpu * 100_000) / result.records };
}

/** @param reading by which of our ways, and of how many records at once by the simple consumer */
export function consumeContender(
  target: Target,
  topic: string,
  format: Format,
  reading: { readonly way: Way; readonly count?: number } = { way: 'v2' },
): Contender {
  const { way, count = 0 } = reading;
  const options = { url: target.url, topic, format, way, count, partitions: PARTITIONS, records: RECORDS };
  const consume = async (verify: boolean): Promise<ConsumeResult> => {
    return await runProgram('rest-consume', { ...options, verify });
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

/** What v1 has of it, beside an instance of v2 that reads the same topic. */
export const consumeV1: Scenario = async (run, measure) => {
  const topic = await createBenchTopic(run.bootstrap, PARTITIONS);
  try {
    await prefill(run.bootstrap, topic, PARTITIONS, RECORDS);
    const rounds = RUNS_A_ROUND * run.effort.rounds;
    for (const [name, reading] of Object.entries(V1_WAYS)) {
      const ours = consumeContender({ ...run.sluice, name: SLUICE }, topic, 'json', reading);
      const v2 = consumeContender({ ...run.sluice, name: SLUICE_V2 }, topic, 'json');
      await measure({ name, contenders: [ours, v2], rounds });
    }
  } finally {
    await deleteTopic(run.bootstrap, topic);
  }
};

export const consumeBinary: Scenario = consumeScenario('binary');
export const consumeJson: Scenario = consumeScenario('json');
