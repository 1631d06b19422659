import { uniqueName } from '../../harness/topics.ts';
import { RestClient, type RestInstance } from '../clients/rest-client.ts';
import { cpuSecondsSince, runAsProgram } from '../clients/run-as-program.ts';
import type { Format } from '../payloads.ts';
import { latenciesOf } from '../statistics.ts';
import type { ConsumeResult } from './raw-consume.ts';

const READ_TIMEOUT_MS = 5000;
/** What a client asks for that wants to keep its memory small; some 4,000 records of the bench. */
const READ_BYTES = 1_048_576;
/** Long enough for a record too many to show; where the CPU is measured, which waiting costs too, only what is there by then. */
const NOTHING_MORE_TIMEOUT_MS = { verified: 200, measured: 1 };
const DEADLINE_MS = 60_000;
const RECORD_MARK = Buffer.from('"partition":');

export interface RestConsumeParameters {
  readonly url: string;
  readonly topic: string;
  readonly format: Format;
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

/** Each record names its partition once, and the values of the bench hold no such name. */
function countRecords(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(RECORD_MARK); at >= 0; at = body.indexOf(RECORD_MARK, at + RECORD_MARK.length)) count += 1;
  return count;
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
  instance: RestInstance,
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
    const body = await instance.read({ timeout: READ_TIMEOUT_MS, max_bytes: READ_BYTES });
    const now = performance.now();
    const arrived = count(body);
    if (arrived === 0) continue;
    records += arrived;
    if (first.records === 0) first = { records, atMs: now };
    else latencies.push(now - askedAt);
  }
  const seconds = (performance.now() - first.atMs) / 1000;
  const timeout = NOTHING_MORE_TIMEOUT_MS[parameters.verify ? 'verified' : 'measured'];
  records += count(await instance.read({ timeout }));
  if (records !== parameters.records) throw new Error(`${records} records came, ${parameters.records} were written`);
  const { p50Ms, p99Ms } = latenciesOf(latencies);
  return { records, recordsPerSecond: (records - first.records) / seconds, p50Ms, p99Ms };
}

async function restConsume(parameters: RestConsumeParameters): Promise<ConsumeResult> {
  const cpu = process.cpuUsage();
  const client = new RestClient(parameters.url);
  const instance = await client.createInstance(uniqueName('bench-rest'), parameters.format);
  await instance.subscribe(parameters.topic);
  const result = await readAll(instance, parameters);
  await instance.delete();
  client.close();
  return { ...result, cpuSeconds: cpuSecondsSince(cpu) };
}

await runAsProgram(restConsume);
