import { disconnected, rawProducer } from '../clients/raw-clients.ts';
import { cpuSecondsSince, runAsProgram } from '../clients/run-as-program.ts';
import { sampleValue } from '../payloads.ts';
import { latenciesOf } from '../statistics.ts';

export interface RawProduceParameters {
  readonly bootstrap: string;
  readonly topic: string;
  readonly batches: number;
  readonly batchRecords: number;
  /** Not measured; its records are written all the same. */
  readonly warmUpSeconds: number;
  readonly stopAfter: { readonly seconds: number } | { readonly records: number };
}

export interface RawProduceResult {
  /** All that were written, those of the warm-up included. */
  readonly written: number;
  readonly measuredRecords: number;
  readonly measuredSeconds: number;
  readonly cpuSeconds: number;
  /** From the first record of a batch to its last delivery report. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Batch {
  startedAt: number;
  outstanding: number;
}

/**
 * Keeps a number of batches in flight, as that many connections with one request each do: a batch is followed by the
 * next one when its last delivery report came in.
 */
class BatchLoop {
  readonly #send: (value: Buffer, batch: number) => void;
  readonly #batches: Batch[];
  readonly #batchRecords: number;
  readonly #values: readonly Buffer[];
  #limit = Number.POSITIVE_INFINITY;
  #onDrained: (() => void) | undefined;
  sent = 0;
  reported = 0;
  latencies: number[] = [];

  constructor({ batches, batchRecords }: RawProduceParameters, send: (value: Buffer, batch: number) => void) {
    this.#send = send;
    this.#batches = Array.from({ length: batches }, () => ({ startedAt: 0, outstanding: 0 }));
    this.#batchRecords = batchRecords;
    this.#values = Array.from({ length: batchRecords }, (_, index) => Buffer.from(sampleValue(index)));
  }

  start(limit = Number.POSITIVE_INFINITY): void {
    this.#limit = limit;
    for (const index of this.#batches.keys()) this.#sendBatch(index);
  }

  /** Starts no further batch. */
  stop(): void {
    this.#limit = this.sent;
  }

  /** Resolves when all records up to the limit were reported. */
  async drained(): Promise<void> {
    if (this.reported === this.#limit) return;
    await new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
  }

  onReport(index: number): void {
    const batch = this.#batches[index] as Batch;
    batch.outstanding -= 1;
    this.reported += 1;
    if (batch.outstanding > 0) return;
    this.latencies.push(performance.now() - batch.startedAt);
    if (this.sent < this.#limit) this.#sendBatch(index);
    else if (this.reported === this.#limit) this.#onDrained?.();
  }

  #sendBatch(index: number): void {
    const batch = this.#batches[index] as Batch;
    const count = Math.min(this.#batchRecords, this.#limit - this.sent);
    if (count <= 0) return;
    batch.startedAt = performance.now();
    batch.outstanding = count;
    this.sent += count;
    for (let i = 0; i < count; i += 1) this.#send(this.#values[i] as Buffer, index);
  }
}

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));

async function rawProduce(parameters: RawProduceParameters): Promise<RawProduceResult> {
  const { bootstrap, topic, stopAfter } = parameters;
  const producer = await rawProducer(bootstrap);
  const loop = new BatchLoop(parameters, (value, batch) => {
    producer.produce(topic, null, value, null, null, batch);
  });
  producer.on('delivery-report', (error, report) => {
    if (error) throw new Error('a record was not written', { cause: error });
    loop.onReport(report.opaque as number);
  });
  if (parameters.warmUpSeconds > 0) {
    loop.start();
    await seconds(parameters.warmUpSeconds);
    loop.stop();
    await loop.drained();
  }
  loop.latencies = [];
  const before = loop.reported;
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  if ('records' in stopAfter) {
    loop.start(before + stopAfter.records);
  } else {
    loop.start();
    await seconds(stopAfter.seconds);
    loop.stop();
  }
  await loop.drained();
  const cpuSeconds = cpuSecondsSince(cpu);
  const measuredSeconds = (performance.now() - startedAt) / 1000;
  await disconnected(producer);
  const { p50Ms, p99Ms } = latenciesOf(loop.latencies);
  return {
    written: loop.reported,
    measuredRecords: loop.reported - before,
    measuredSeconds,
    cpuSeconds,
    p50Ms,
    p99Ms,
  };
}

await runAsProgram(rawProduce);
