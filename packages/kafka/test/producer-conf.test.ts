import { describe, expect, it } from 'vitest';

import { producerConf } from '../src/producer-conf.ts';

const conf = (global: Readonly<Record<string, unknown>>, topic: Readonly<Record<string, unknown>> = {}) =>
  producerConf({ settings: { global, topic }, deliveryTimeoutMs: 9000, metadataTimeoutMs: 1500 });

describe('the settings of a producer', () => {
  it('put topic-level ones where node-rdkafka reads them', () => {
    const { global, topic } = conf({ 'bootstrap.servers': 'b:1' }, { acks: 1 });
    expect(topic).toEqual({ acks: 1, partitioner: 'murmur2_random', 'message.timeout.ms': 9000 });
    expect(global).toMatchObject({
      'bootstrap.servers': 'b:1',
      'enable.idempotence': true,
      'topic.metadata.propagation.max.ms': 1500,
      'socket.timeout.ms': 10_000,
      dr_cb: true,
    });
    expect(global).not.toHaveProperty('partitioner');
  });

  it('yield to what the user sets, except where this package relies on them', () => {
    const { global, topic } = conf(
      { 'enable.idempotence': false, 'linger.ms': 20, dr_cb: false },
      { partitioner: 'random', 'message.timeout.ms': 1 },
    );
    expect(global).toMatchObject({ 'enable.idempotence': false, 'linger.ms': 20, dr_cb: true });
    expect(topic).toMatchObject({ partitioner: 'random', 'message.timeout.ms': 9000 });
  });

  it("keep librdkafka's queue above our own, so that it cannot be full in the middle of a request", () => {
    expect(conf({}).queue).toEqual({ records: 100_000, bytes: 64 * 1024 * 1024 });
    const { global, queue } = conf({ 'queue.buffering.max.messages': 500, 'queue.buffering.max.kbytes': '2048' });
    expect(queue).toEqual({ records: 500, bytes: 2048 * 1024 });
    expect(global).toMatchObject({ 'queue.buffering.max.messages': 1500, 'queue.buffering.max.kbytes': 3072 });
  });

  it('take the largest record from message.max.bytes', () => {
    expect(conf({}).maxRequestBytes).toBe(1_048_576);
    expect(conf({ 'message.max.bytes': 5000 }).maxRequestBytes).toBe(5000);
  });
});
