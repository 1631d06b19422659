import { setTimeout as delay } from 'node:timers/promises';
import { type Latencies, latenciesOf } from '../statistics.ts';
import { rawProducer } from './raw-clients.ts';

const WARM_UP_SAMPLES = 5;
/** Reads are waiting again well before the next record; the random part keeps it out of step with any timer. */
const PAUSE_MS = 60;
const PAUSE_JITTER_MS = 60;
const DEADLINE_MS = 10_000;

export interface WakeUpParameters {
  readonly bootstrap: string;
  /** One partition for each waiting reader. */
  readonly topic: string;
  readonly waiting: number;
  readonly samples: number;
}

interface Expected {
  readonly sample: number;
  readonly producedAt: number;
  readonly arrived: (latencyMs: number) => void;
}

/** Takes what a reader got; fails when it is another record than the one that this reader waits for. */
export type OnRecord = (reader: number, sample: number) => void;

/**
 * Writes records one at a time, each for one of the readers that wait, and measures until that reader has it. Producer
 * and readers share a process and so a clock.
 * @param start makes all readers wait; they report each record, and go on waiting
 */
export async function measureWakeUps(
  parameters: WakeUpParameters,
  start: (onRecord: OnRecord) => Promise<void>,
): Promise<Latencies> {
  const producer = await rawProducer(parameters.bootstrap);
  const expected = new Map<number, Expected>();
  await start((reader, sample) => {
    const now = performance.now();
    const entry = expected.get(reader);
    if (entry?.sample !== sample) throw new Error(`reader ${reader} got record ${sample} that it was not to get`);
    expected.delete(reader);
    entry.arrived(now - entry.producedAt);
  });
  const latencies: number[] = [];
  for (let sample = 0; sample < parameters.samples + WARM_UP_SAMPLES; sample += 1) {
    await delay(PAUSE_MS + Math.random() * PAUSE_JITTER_MS);
    const reader = Math.floor(Math.random() * parameters.waiting);
    const value = Buffer.from(JSON.stringify({ sample }));
    const latencyMs = await new Promise<number>((resolve, reject) => {
      const overdue = setTimeout(() => reject(new Error(`reader ${reader} never got its record`)), DEADLINE_MS);
      const arrived = (latency: number): void => {
        clearTimeout(overdue);
        resolve(latency);
      };
      expected.set(reader, { sample, producedAt: performance.now(), arrived });
      producer.produce(parameters.topic, reader, value);
    });
    if (sample >= WARM_UP_SAMPLES) latencies.push(latencyMs);
  }
  return latenciesOf(latencies);
}

export function sampleOf(value: unknown): number {
  return (value as { sample: number }).sample;
}
