import { setTimeout as delay } from 'node:timers/promises';
import { countRecords, createBenchTopic, deleteTopic } from '../bench-topics.ts';
import type { Contender, Figures } from '../measurement.ts';
import { contentType, type Format, produceBody } from '../payloads.ts';
import { cpuSeconds, peakResidentMib } from '../process-cost.ts';
import { type RequestLoadResult, runProgram, runRequestLoad, startBareHttp, verifyLoad } from '../processes.ts';
import type { BenchRun, Scenario, Target } from './bench-run.ts';

export const PARTITIONS = 6;
const WARM_UP_SECONDS = 2;
/** What wrk left in flight has been written by then. */
const SETTLE_MS = 500;

/** What is sent again and again. */
export interface ProduceLoad {
  readonly format: Format;
  readonly body: string;
  readonly recordsPerRequest: number;
  readonly connections: number;
}

interface ProduceOptions extends Omit<ProduceLoad, 'body'> {
  readonly name: string;
  readonly format: 'json' | 'binary';
  readonly yardsticks: readonly ('raw-produce' | 'bare-http')[];
}

/** Each answer was a 200, and the records are there: those of all answers, and at most one request more a connection. */
function verify(load: RequestLoadResult, written: number, { recordsPerRequest, connections }: ProduceLoad): void {
  verifyLoad(load);
  const { requests } = load;
  const least = requests * recordsPerRequest;
  const most = (requests + connections) * recordsPerRequest;
  if (written < least || written > most || written % recordsPerRequest !== 0) {
    throw new Error(`${requests} requests were answered, but ${written} records were written`);
  }
}

export function produceContender(target: Target, run: BenchRun, options: ProduceLoad, topic: string): Contender {
  const load = async (seconds: number): Promise<{ load: RequestLoadResult; written: number }> => {
    const before = await countRecords(run.bootstrap, topic, PARTITIONS);
    const result = await runRequestLoad({
      url: `${target.url}/topics/${topic}`,
      method: 'POST',
      body: { contentType: contentType(options.format), text: options.body },
      connections: options.connections,
      seconds,
    });
    await delay(SETTLE_MS);
    const written = (await countRecords(run.bootstrap, topic, PARTITIONS)) - before;
    verify(result, written, options);
    return { load: result, written };
  };
  return {
    name: target.name,
    run: async (round): Promise<Figures> => {
      if (round === 0) await load(WARM_UP_SECONDS);
      const { pid } = target;
      const cpuBefore = pid === undefined ? 0 : cpuSeconds(pid);
      const { load: result, written } = await load(run.effort.seconds);
      const requestsPerSecond = result.requests / result.seconds;
      const figures: Figures = {
        requestsPerSecond,
        recordsPerSecond: requestsPerSecond * options.recordsPerRequest,
        p50Ms: result.p50Ms,
        p99Ms: result.p99Ms,
      };
      if (pid === undefined) return figures;
      const cpu = cpuSeconds(pid) - cpuBefore;
      return {
        ...figures,
        // Over what was written, which holds the last requests too that wrk no longer waited for.
        cpuPerThousandRequests: (cpu * 1000 * options.recordsPerRequest) / written,
        cpuPer100kRecords: (cpu * 100_000) / written,
        peakRssMib: peakResidentMib(pid),
      };
    },
  };
}

function rawContender(run: BenchRun, options: ProduceOptions, topic: string): Contender {
  return {
    name: 'raw-produce',
    run: async (): Promise<Figures> => {
      const before = await countRecords(run.bootstrap, topic, PARTITIONS);
      const result = await runProgram('raw-produce', {
        bootstrap: run.bootstrap,
        topic,
        batches: options.connections,
        batchRecords: options.recordsPerRequest,
        warmUpSeconds: WARM_UP_SECONDS,
        stopAfter: { seconds: run.effort.seconds },
      });
      const written = (await countRecords(run.bootstrap, topic, PARTITIONS)) - before;
      if (written !== result.written)
        throw new Error(`${result.written} reports came, ${written} records were written`);
      const { measuredRecords, measuredSeconds, p50Ms, p99Ms } = result;
      return {
        recordsPerSecond: measuredRecords / measuredSeconds,
        cpuPer100kRecords: (result.cpuSeconds * 100_000) / measuredRecords,
        p50Ms,
        p99Ms,
      };
    },
  };
}

function produceScenario(options: ProduceOptions): Scenario {
  return async (run, measure) => {
    const topic = await createBenchTopic(run.bootstrap, PARTITIONS);
    const bareHttp = options.yardsticks.includes('bare-http') ? await startBareHttp(run.bootstrap) : undefined;
    try {
      const targets = [
        run.sluice,
        ...(bareHttp === undefined ? [] : [{ name: 'bare-http', ...bareHttp }]),
        ...run.rivals,
      ];
      const load = { ...options, body: produceBody(options.format, options.recordsPerRequest) };
      const contenders = targets.map((target) => produceContender(target, run, load, topic));
      if (options.yardsticks.includes('raw-produce')) contenders.push(rawContender(run, options, topic));
      await measure({ name: options.name, contenders });
    } finally {
      await bareHttp?.stop();
      await deleteTopic(run.bootstrap, topic);
    }
  };
}

export const produceSingle: Scenario = produceScenario({
  name: 'produce-single',
  format: 'json',
  recordsPerRequest: 1,
  connections: 64,
  yardsticks: ['bare-http'],
});

export const produceBatchBinary: Scenario = produceScenario({
  name: 'produce-batch-binary',
  format: 'binary',
  recordsPerRequest: 100,
  connections: 16,
  yardsticks: ['raw-produce'],
});

export const produceBatchJson: Scenario = produceScenario({
  name: 'produce-batch-json',
  format: 'json',
  recordsPerRequest: 100,
  connections: 16,
  yardsticks: ['bare-http', 'raw-produce'],
});
