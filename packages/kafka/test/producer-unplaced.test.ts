import rdkafka from 'node-rdkafka';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sharedBroker } from '../../../test/harness/broker.ts';
import { createTopic } from '../../../test/harness/topics.ts';
import { batchOf, failures, producerFor } from './producing.ts';

type Report = (error: unknown, report: Record<string, unknown>) => void;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Reports of new producers lose their offsets, as librdkafka's do for what it takes for a duplicate. */
function loseOffsets(): void {
  const on = Reflect.get(rdkafka.Producer.prototype, 'on') as (...parameters: unknown[]) => rdkafka.Producer;
  vi.spyOn(rdkafka.Producer.prototype, 'on').mockImplementation(function hear(this: rdkafka.Producer, event, listener) {
    if (event !== 'delivery-report') return Reflect.apply(on, this, [event, listener]);
    const lossy: Report = (error, report) => (listener as Report)(error, { ...report, offset: -1 });
    return Reflect.apply(on, this, [event, lossy]);
  });
}

describe('a delivery report that does not say where the record stands', () => {
  it('is no success (bug: the first record of a new topic was acknowledged at offset -1, and was nowhere)', async () => {
    const { bootstrap } = await sharedBroker();
    const topic = await createTopic(bootstrap);
    loseOffsets();
    const producer = producerFor(bootstrap);
    const result = await producer.produce(topic, batchOf([{ value: 'v' }]));
    await producer.close(5000);
    expect(failures(result)).toEqual([
      [
        0,
        46,
        'retriable',
        true,
        `The broker does not say where in ${topic} the record stands; it may or may not be written.`,
      ],
    ]);
  }, 60_000);

  it('is one where nobody asked for it: acks=0', async () => {
    const { bootstrap } = await sharedBroker();
    const topic = await createTopic(bootstrap);
    loseOffsets();
    const producer = producerFor(bootstrap, { conf: { 'enable.idempotence': false } });
    const result = await producer.produce(topic, batchOf([{ value: 'v' }]));
    await producer.close(5000);
    expect(result.errors).toBeUndefined();
  }, 60_000);
});
