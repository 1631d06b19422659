import { uniqueName } from '../../harness/topics.ts';
import { consume, disconnected, rawConsumer } from '../clients/raw-clients.ts';
import { cpuSecondsSince, runAsProgram } from '../clients/run-as-program.ts';
import { latenciesOf } from '../statistics.ts';

const CONSUME_RECORDS = 1000;
const CONSUME_TIMEOUT_MS = 1000;
const DEADLINE_MS = 30_000;

export interface RawConsumeParameters {
  readonly bootstrap: string;
  readonly topic: string;
  readonly records: number;
}

export interface ConsumeResult {
  readonly records: number;
  /** From the arrival of the first records to that of the last; the first ones do not count. */
  readonly recordsPerSecond: number;
  /** Of this process, from before it connected to after the last record. */
  readonly cpuSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function consumeAll({ bootstrap, topic, records: wanted }: RawConsumeParameters): Promise<ConsumeResult> {
  const cpu = process.cpuUsage();
  const deadline = performance.now() + DEADLINE_MS;
  const consumer = await rawConsumer(bootstrap, uniqueName('bench-raw'));
  consumer.subscribe([topic]);
  const latencies: number[] = [];
  let records = 0;
  let first = { records: 0, atMs: 0 };
  while (records < wanted) {
    const askedAt = performance.now();
    if (askedAt > deadline) throw new Error(`only ${records} of ${wanted} records came`);
    // No more than are left: a call that asks for more returns only with its time-out.
    const count = Math.min(CONSUME_RECORDS, wanted - records);
    const messages = await consume(consumer, count, CONSUME_TIMEOUT_MS);
    if (messages.length === 0) continue;
    records += messages.length;
    const now = performance.now();
    if (first.records === 0) first = { records, atMs: now };
    else latencies.push(now - askedAt);
  }
  const seconds = (performance.now() - first.atMs) / 1000;
  const cpuSeconds = cpuSecondsSince(cpu);
  await disconnected(consumer);
  const { p50Ms, p99Ms } = latenciesOf(latencies);
  return { records, recordsPerSecond: (records - first.records) / seconds, cpuSeconds, p50Ms, p99Ms };
}

async function rawConsume(parameters: RawConsumeParameters): Promise<ConsumeResult> {
  // The first pass compiles; the proxy that this is held against is warm, too.
  await consumeAll(parameters);
  return await consumeAll(parameters);
}

await runAsProgram(rawConsume);
