import { RestClient } from '../clients/rest-client.ts';
import { cpuSecondsSince, runAsProgram } from '../clients/run-as-program.ts';
import { countRecords, openReader, type ReaderOptions, type TopicReader } from '../clients/topic-readers.ts';
import { latenciesOf } from '../statistics.ts';
import type { ConsumeResult } from './raw-consume.ts';

/** Long enough for a record too many to show; where the CPU is measured, which waiting costs too, only what is there by then. */
const NOTHING_MORE_TIMEOUT_MS = { verified: 200, measured: 1 };
const DEADLINE_MS = 60_000;

export interface RestConsumeParameters extends ReaderOptions {
  readonly url: string;
  readonly records: number;
  /** Check every record instead of counting them; costs the CPU that a measured run needs for other things. */
  readonly verify: boolean;
}

interface RestRecord {
  readonly topic: string;
  readonly value: unknown;
  readonly partition: number;
  readonly offset: number;
}

/** Counts like `countRecords`, and fails when an offset was left out or came twice. */
function verifyRecords(body: Buffer, next: Map<number, number>): number {
  const records = JSON.parse(body.toString()) as RestRecord[];
  for (const { value, partition, offset } of records) {
    const expected = next.get(partition) ?? 0;
    if (offset !== expected) throw new Error(`partition ${partition}: offset ${offset} came in place of ${expected}`);
    if (value === null) throw new Error(`partition ${partition}: no value at offset ${offset}`);
    next.set(partition, offset + 1);
  }
  return records.length;
}

async function readAll(
  reader: TopicReader,
  parameters: RestConsumeParameters,
): Promise<Omit<ConsumeResult, 'cpuSeconds'>> {
  const offsets = new Map<number, number>();
  const count = (body: Buffer): number => (parameters.verify ? verifyRecords(body, offsets) : countRecords(body));
  const deadline = performance.now() + DEADLINE_MS;
  const latencies: number[] = [];
  let records = 0;
  let first = { records: 0, atMs: 0 };
  while (records < parameters.records) {
    const askedAt = performance.now();
    if (askedAt > deadline) throw new Error(`only ${records} of ${parameters.records} records came`);
    const body = await reader.read();
    const now = performance.now();
    const arrived = count(body);
    if (arrived === 0) continue;
    records += arrived;
    if (first.records === 0) first = { records, atMs: now };
    else latencies.push(now - askedAt);
  }
  const seconds = (performance.now() - first.atMs) / 1000;
  const timeout = NOTHING_MORE_TIMEOUT_MS[parameters.verify ? 'verified' : 'measured'];
  records += count(await reader.readNothing(timeout));
  if (records !== parameters.records) throw new Error(`${records} records came, ${parameters.records} were written`);
  const { p50Ms, p99Ms } = latenciesOf(latencies);
  return { records, recordsPerSecond: (records - first.records) / seconds, p50Ms, p99Ms };
}

async function restConsume(parameters: RestConsumeParameters): Promise<ConsumeResult> {
  const cpu = process.cpuUsage();
  const client = new RestClient(parameters.url);
  const reader = await openReader(client, parameters);
  const result = await readAll(reader, parameters);
  await reader.end();
  client.close();
  return { ...result, cpuSeconds: cpuSecondsSince(cpu) };
}

await runAsProgram(restConsume);
