import { createBenchTopic, deleteTopic } from '../bench-topics.ts';
import type { WakeUpParameters } from '../clients/wake-ups.ts';
import type { Contender, Figures } from '../measurement.ts';
import { cpuSeconds, peakResidentMib } from '../process-cost.ts';
import { runProgram } from '../processes.ts';
import type { BenchRun, Scenario, Target } from './bench-run.ts';

type Work = (parameters: WakeUpParameters) => Promise<Figures>;

/** Each run has a topic of its own: nobody is to find the records of the run before. */
function contender(name: string, run: BenchRun, waiting: number, work: Work): Contender {
  return {
    name,
    run: async () => {
      const topic = await createBenchTopic(run.bootstrap, waiting);
      try {
        return await work({ bootstrap: run.bootstrap, topic, waiting, samples: run.effort.wakeUpSamples });
      } finally {
        await deleteTopic(run.bootstrap, topic);
      }
    },
  };
}

function restWakeUp({ url, pid }: Target): Work {
  return async (parameters) => {
    if (pid === undefined) return await runProgram('rest-wakeup', { ...parameters, url });
    const startedAt = performance.now();
    const before = cpuSeconds(pid);
    const latencies = await runProgram('rest-wakeup', { ...parameters, url });
    const coreShare = (cpuSeconds(pid) - before) / ((performance.now() - startedAt) / 1000);
    return { ...latencies, coreShare, peakRssMib: peakResidentMib(pid) };
  };
}

function proxies(run: BenchRun, waiting: number): Contender[] {
  return [run.sluice, ...run.rivals].map((target) => contender(target.name, run, waiting, restWakeUp(target)));
}

/** From the moment a record is produced to the moment a read that waits for it is answered. */
export const wakeUp: Scenario = async (run, measure) => {
  for (const waiting of [1, 16]) {
    await measure({
      name: `wakeup-${waiting}`,
      contenders: [
        ...proxies(run, waiting),
        contender('raw-wakeup', run, waiting, async (parameters) => await runProgram('raw-wakeup', parameters)),
      ],
    });
  }
};

/** The same with two hundred reads at once, which no raw client does: it would take a thread for each. */
export const polls200: Scenario = async (run, measure) => {
  await measure({ name: 'polls-200', contenders: proxies(run, 200) });
};
