import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Batch, DeliveryTracker } from '../../src/sessions/delivery-tracker.ts';

const topic = 't';
const at = (partition: number, offset: number) => ({ topic, partition, offset });

function sent(tracker: DeliveryTracker, ...records: readonly (readonly [partition: number, offset: number])[]): Batch {
  const batch = tracker.open();
  for (const [partition, offset] of records) batch.note(topic, partition, offset);
  batch.close();
  batch.state = 'answered';
  return batch;
}

describe('DeliveryTracker', () => {
  it('offers nothing for a commit while the answer is unproven', () => {
    const tracker = new DeliveryTracker();
    sent(tracker, [0, 1], [0, 2]);
    expect(tracker.committable()).toEqual([]);
  });

  it('offers the offset after the last record once a later request proved the answer', () => {
    const tracker = new DeliveryTracker();
    sent(tracker, [0, 1], [0, 2], [1, 7]);
    tracker.confirm();
    expect(tracker.committable()).toEqual([at(0, 3), at(1, 8)]);
  });

  it('never offers an offset beyond a batch that is still on its way', () => {
    const tracker = new DeliveryTracker();
    const slow = tracker.open();
    slow.note(topic, 0, 1);
    slow.close();
    sent(tracker, [0, 2], [0, 3]);
    tracker.confirm();
    expect(tracker.committable()).toEqual([at(0, 1)]);
    slow.state = 'answered';
    tracker.confirm();
    expect(tracker.committable()).toEqual([at(0, 4)]);
  });

  it('reads a cut-off answer again, with everything that was sent after it', () => {
    const tracker = new DeliveryTracker();
    sent(tracker, [0, 1]).state = 'aborted';
    sent(tracker, [0, 2], [1, 5]);
    expect(tracker.takeAborted()).toEqual([at(0, 1), at(1, 5)]);
    tracker.confirm();
    expect(tracker.committable()).toEqual([]);
    expect(tracker.takeAborted()).toEqual([]);
  });

  it('keeps what was sent before the cut-off answer', () => {
    const tracker = new DeliveryTracker();
    sent(tracker, [0, 1]);
    sent(tracker, [0, 2]).state = 'aborted';
    expect(tracker.takeAborted()).toEqual([at(0, 2)]);
    tracker.confirm();
    expect(tracker.committable()).toEqual([at(0, 2)]);
  });

  it('takes a seek as the client’s word, and forgets what it was sent before from there', () => {
    const tracker = new DeliveryTracker();
    sent(tracker, [0, 50], [1, 9]);
    tracker.seek(at(0, 3));
    tracker.confirm();
    expect(tracker.committable()).toEqual([at(0, 3), at(1, 10)]);
  });

  it('forgets partitions that were revoked', () => {
    const tracker = new DeliveryTracker();
    sent(tracker, [0, 1], [1, 1]);
    tracker.forget([{ topic, partition: 0 }]);
    tracker.confirm();
    expect(tracker.committable()).toEqual([at(1, 2)]);
  });

  it('never lets a commit skip a record that nobody has proven to have', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('read' as const), count: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constantFrom('answered' as const, 'aborted' as const), pick: fc.nat(5) }),
      fc.record({ kind: fc.constant('confirm' as const) }),
      fc.record({ kind: fc.constant('rewind' as const) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const tracker = new DeliveryTracker();
        const open: { batch: Batch; offsets: number[] }[] = [];
        const answered: { batch: Batch; offsets: number[] }[] = [];
        const proven = new Set<number>();
        let next = 0;
        for (const step of actions) {
          if (step.kind === 'read') {
            const batch = tracker.open();
            const offsets = Array.from({ length: step.count }, (_, i) => next + i);
            for (const offset of offsets) batch.note(topic, 0, offset);
            batch.close();
            next += step.count;
            open.push({ batch, offsets });
          } else if (step.kind === 'confirm') {
            tracker.confirm();
            for (const { offsets } of answered.splice(0)) for (const offset of offsets) proven.add(offset);
          } else if (step.kind === 'rewind') {
            const [rewind] = tracker.takeAborted();
            // What was rewound is no longer under way as far as this model goes; an open batch still is.
            if (rewind !== undefined)
              answered.splice(
                0,
                answered.length,
                ...answered.filter(({ offsets }) => (offsets[0] ?? 0) < rewind.offset),
              );
            if (rewind !== undefined && open.length === 0) next = rewind.offset;
          } else if (open.length > 0) {
            const [entry] = open.splice(step.pick % open.length, 1);
            if (entry === undefined) continue;
            entry.batch.state = step.kind;
            if (step.kind === 'answered') answered.push(entry);
          }
          const unproven = open.flatMap(({ offsets }) => offsets).filter((offset) => !proven.has(offset));
          for (const { offset } of tracker.committable()) {
            expect(offset).toBeLessThanOrEqual(Math.min(...unproven, Number.POSITIVE_INFINITY));
          }
        }
      }),
    );
  });
});
