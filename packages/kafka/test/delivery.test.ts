import { describe, expect, it } from 'vitest';

import { Delivery } from '../src/delivery.ts';
import { DeliveryList } from '../src/delivery-list.ts';
import { DeliverySlots } from '../src/delivery-slots.ts';
import { kafkaErrorFromCode } from '../src/error-mapping.ts';
import { QueueBudget } from '../src/queue-budget.ts';

const error = kafkaErrorFromCode(7);

function deliveryOf(count: number): Delivery {
  return new Delivery({
    topic: 't',
    count,
    askedPartitions: Array.from({ length: count }, () => -1),
    reserved: { records: count, bytes: 100 * count },
    startedAt: 0,
  });
}

describe('a delivery', () => {
  it('settles when the last outcome is known, in whatever order they come', async () => {
    const delivery = deliveryOf(3);
    delivery.acknowledge(2, 5, 70);
    delivery.fail(0, error);
    expect(delivery.settled).toBe(false);
    delivery.acknowledge(1, 4, 60);
    expect(delivery.settled).toBe(true);
    expect(await delivery.result).toEqual({
      partitions: [-1, 4, 5],
      offsets: [-1, 60, 70],
      errors: new Map([[0, error]]),
    });
  });

  it('that is given up fails what is unknown, and keeps what is known', async () => {
    const delivery = deliveryOf(3);
    const other = kafkaErrorFromCode(10);
    delivery.acknowledge(1, 0, 9);
    delivery.fail(2, other);
    delivery.giveUp(error);
    delivery.acknowledge(0, 0, 10);
    delivery.fail(1, error);
    expect(await delivery.result).toEqual({
      partitions: [-1, 0, -1],
      offsets: [-1, 9, -1],
      errors: new Map([
        [2, other],
        [0, error],
      ]),
    });
  });

  it('has no offset where nobody acknowledges', async () => {
    const delivery = deliveryOf(1);
    delivery.acknowledge(0, 3, -1001);
    expect(await delivery.result).toEqual({ partitions: [3], offsets: [-1], errors: undefined });
  });
});

describe('delivery slots', () => {
  it('lead back to request and index, and are used again only when released', () => {
    const slots = new DeliverySlots(3);
    const [a, b] = [deliveryOf(2), deliveryOf(1)];
    const taken = [slots.take(a, 0), slots.take(b, 0), slots.take(a, 1)];
    expect(new Set(taken).size).toBe(3);
    expect(taken.map((slot) => [slots.deliveryOf(slot), slots.indexOf(slot)])).toEqual([
      [a, 0],
      [b, 0],
      [a, 1],
    ]);
    expect(() => slots.take(b, 1)).toThrow(RangeError);
    slots.release(taken[1] as number);
    expect(slots.deliveryOf(taken[1] as number)).toBeUndefined();
    expect(slots.take(a, 2)).toBe(taken[1]);
    expect(slots.inUse).toBe(3);
  });
});

describe('the queue budget', () => {
  it('accepts what fits, refuses what does not fit now, and rejects what never will', () => {
    const budget = new QueueBudget({ records: 10, bytes: 1000 });
    budget.reserve({ records: 6, bytes: 100 });
    expect(() => budget.reserve({ records: 5, bytes: 1 })).toThrow(
      expect.objectContaining({ family: 'queueFull', retriable: true }),
    );
    expect(() => budget.reserve({ records: 1, bytes: 901 })).toThrow(expect.objectContaining({ family: 'queueFull' }));
    expect(() => budget.reserve({ records: 11, bytes: 1 })).toThrow(
      expect.objectContaining({ family: 'tooLarge', retriable: false }),
    );
    expect(() => budget.reserve({ records: 1, bytes: 1001 })).toThrow(expect.objectContaining({ family: 'tooLarge' }));
    budget.reserve({ records: 4, bytes: 900 });
    expect([budget.records, budget.bytes]).toEqual([10, 1000]);
    budget.release({ records: 6, bytes: 100 });
    budget.release({ records: 4, bytes: 900 });
    expect([budget.records, budget.bytes]).toEqual([0, 0]);
  });
});

describe('the list of deliveries', () => {
  it('keeps the order in which they came, whatever is removed', () => {
    const list = new DeliveryList();
    const [a, b, c, d] = [deliveryOf(1), deliveryOf(1), deliveryOf(1), deliveryOf(1)];
    for (const delivery of [a, b, c, d]) {
      list.add(delivery);
    }
    expect(list.delete(b)).toBe(true);
    expect(list.delete(b)).toBe(false);
    expect([...list]).toEqual([a, c, d]);
    expect(list.delete(d)).toBe(true);
    list.add(b);
    expect([...list]).toEqual([a, c, b]);
    for (const delivery of list) {
      list.delete(delivery);
    }
    expect([...list]).toEqual([]);
    expect(list.empty).toBe(true);
  });

  it('leaves nothing that ties a removed one to the others', () => {
    const list = new DeliveryList();
    const [a, b, c] = [deliveryOf(1), deliveryOf(1), deliveryOf(1)];
    for (const delivery of [a, b, c]) {
      list.add(delivery);
    }
    list.delete(b);
    expect([b.older, b.newer]).toEqual([undefined, undefined]);
  });
});
