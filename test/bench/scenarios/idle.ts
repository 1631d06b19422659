import { setTimeout as delay } from 'node:timers/promises';
import { uniqueName } from '../../harness/topics.ts';
import { createBenchTopic, deleteTopic } from '../bench-topics.ts';
import { lookUpTopic, rawProducer } from '../clients/raw-clients.ts';
import { RestClient, type RestInstance } from '../clients/rest-client.ts';
import type { Figures } from '../measurement.ts';
import { cpuSeconds, peakResidentMib, residentMib } from '../process-cost.ts';
import { latenciesOf } from '../statistics.ts';
import type { BenchRun, Scenario } from './bench-run.ts';

const INSTANCES = 1000;
/**
 * Their first record is waited for; they are subscribed to a topic each, the others to one that stays empty. The first
 * of them does not count: it waits half a second for the producer, which asks for its id when it has a record to send.
 */
const PROBED = 11;
const AT_ONCE = 10;
/** Everybody has joined and been assigned; connections are made, metadata looked up. */
const SETTLE_MS = 5000;
const READ_TIMEOUT_MS = 10_000;

/** Runs the tasks, a few at a time. */
async function fewAtATime(count: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await task(next - 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function createInstances(client: RestClient, topicOf: (index: number) => string): Promise<RestInstance[]> {
  const instances: RestInstance[] = [];
  await fewAtATime(INSTANCES, async (index) => {
    const instance = await client.createInstance(uniqueName('bench-idle'), 'json');
    instances[index] = instance;
    await instance.subscribe(topicOf(index));
  });
  return instances;
}

/** Milliseconds from produce to answer, for instances whose first read comes when they have idled for a while. */
async function firstRecords(run: BenchRun, instances: readonly RestInstance[], topics: string[]): Promise<number[]> {
  const producer = await rawProducer(run.bootstrap);
  const latencies: number[] = [];
  for (const [index, topic] of topics.entries()) {
    await lookUpTopic(producer, topic);
    const producedAt = performance.now();
    producer.produce(topic, 0, Buffer.from('{"first":true}'));
    const body = await (instances[index] as RestInstance).read({ timeout: READ_TIMEOUT_MS });
    latencies.push(performance.now() - producedAt);
    const records = JSON.parse(body.toString()) as unknown[];
    if (records.length !== 1) throw new Error(`an idle instance got ${records.length} records in place of 1`);
  }
  producer.disconnect();
  return latencies.slice(1);
}

async function measureIdle(run: BenchRun, idleTopic: string, probedTopics: string[]): Promise<Figures> {
  const { pid } = run.sluice;
  const client = new RestClient(run.sluice.url);
  const rssBefore = residentMib(pid);
  const instances = await createInstances(client, (index) => probedTopics[index] ?? idleTopic);
  await delay(SETTLE_MS);
  const rssPerInstanceMib = (residentMib(pid) - rssBefore) / INSTANCES;
  const startedAt = performance.now();
  const cpuBefore = cpuSeconds(pid);
  await delay(run.effort.idleSeconds * 1000);
  const coreShare = (cpuSeconds(pid) - cpuBefore) / ((performance.now() - startedAt) / 1000);
  const latencies = await firstRecords(run, instances, probedTopics);
  await fewAtATime(INSTANCES, async (index) => await (instances[index] as RestInstance).delete());
  client.close();
  return { ...latenciesOf(latencies), rssPerInstanceMib, coreShare, peakRssMib: peakResidentMib(pid) };
}

/** What a thousand subscribed instances cost that nobody reads, and how long one of them takes to its first record. */
export const idle1000: Scenario = async (run, measure) => {
  const topics: string[] = [];
  for (let count = 0; count <= PROBED; count += 1) topics.push(await createBenchTopic(run.bootstrap, 1));
  const [idleTopic = '', ...probedTopics] = topics;
  try {
    await measure({
      name: 'idle-1000',
      contenders: [{ name: 'sluice', run: async () => await measureIdle(run, idleTopic, probedTopics) }],
      // It takes a minute, and its figures hardly vary.
      rounds: 1,
    });
  } finally {
    await Promise.all(topics.map((topic) => deleteTopic(run.bootstrap, topic)));
  }
};
