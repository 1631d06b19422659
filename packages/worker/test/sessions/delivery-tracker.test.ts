import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Batch, DeliveryTracker } from '../../src/sessions/delivery-tracker.ts';

const topic = 't';
const at = (partition: number, offset: number) => ({ topic, partition, offset });

function sent(tracker: DeliveryTracker, ...records: readonly (readonly [partition: number, offset: number])[]): Batch {
  const batch = tracker.open();
  for (const [partition, offset] of records) batch.note(topic, partition, offset);
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
    sent(tracker, [0, 2], [0, 3]);
    tracker.confirm();
    expect(tracker.committable()).toEqual([at(0, 1)]);
    slow.state = 'answered';
    tracker.confirm();
    expect(tracker.committable()).toEqual([at(0, 4)]);
  });

  it('goes on with what a predecessor delivered, and knows better what was delivered here', () => {
    const tracker = new DeliveryTracker();
    tracker.resume(at(0, 5), true);
    expect(tracker.committable()).toEqual([at(0, 5)]);
    sent(tracker, [0, 5], [0, 6]);
    tracker.confirm();
    tracker.resume(at(0, 5), true);
    expect(tracker.committable()).toEqual([at(0, 7)]);
  });

  it('tells how far it was read, by the last records', () => {
    const tracker = new DeliveryTracker();
    tracker.resume(at(0, 5), true);
    tracker.resume(at(1, 42), false);
    expect(tracker.progress()).toEqual([{ topic, partition: 0, consumed: 4, committable: 4 }]);
    const slow = sent(tracker, [0, 5], [1, 42]);
    slow.state = 'sent';
    sent(tracker, [0, 6]);
    tracker.confirm();
    // The one before it may not have arrived.
    expect(tracker.progress()).toEqual([{ topic, partition: 0, consumed: 6, committable: 4 }]);
    slow.state = 'answered';
    tracker.confirm();
    expect(tracker.progress()).toEqual([
      { topic, partition: 0, consumed: 6, committable: 6 },
      { topic, partition: 1, consumed: 42, committable: 42 },
    ]);
    tracker.forget([at(0, 0)]);
    expect(tracker.progress()).toMatchObject([{ partition: 1 }]);
  });

  it('tells of nothing before the first record that was delivered, once that is to be read again', () => {
    const tracker = new DeliveryTracker();
    tracker.resume(at(0, 100), false);
    const first = sent(tracker, [0, 100]);
    sent(tracker, [0, 101]);
    first.state = 'aborted';
    tracker.confirm();
    expect(tracker.progress()).toEqual([{ topic, partition: 0, consumed: 101, committable: 99 }]);
    expect(tracker.takeAborted()).toEqual([at(0, 100)]);
    expect(tracker.progress()).toEqual([]);
    sent(tracker, [0, 100]);
    tracker.confirm();
    expect(tracker.progress()).toEqual([{ topic, partition: 0, consumed: 100, committable: 100 }]);
  });

  it('does not commit what a predecessor sent and nobody proved', () => {
    const tracker = new DeliveryTracker();
    sent(tracker, [0, 5], [0, 6]);
    tracker.resume(at(0, 7), true);
    expect(tracker.committable()).toEqual([at(0, 5)]);
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

  it('bounds a commit by an answer that is still being put together (bug: its last run did not count)', () => {
    const tracker = new DeliveryTracker();
    tracker.open().note(topic, 0, 1);
    sent(tracker, [0, 2], [0, 3]);
    tracker.confirm();
    expect(tracker.committable()).toEqual([at(0, 1)]);
  });

  it('takes back what was proven beyond a rewind (bug: a commit passed the records that were to be read again)', () => {
    const tracker = new DeliveryTracker();
    const first = tracker.open();
    first.note(topic, 0, 0);
    sent(tracker, [0, 10], [0, 19]);
    tracker.confirm();
    first.state = 'aborted';
    expect(tracker.takeAborted()).toEqual([at(0, 0)]);
    expect(tracker.committable()).toEqual([at(0, 0)]);
  });

  it('does not count what an open answer took from beyond a rewind', () => {
    const tracker = new DeliveryTracker();
    const waiting = tracker.open();
    const cut = sent(tracker, [0, 0], [0, 9]);
    waiting.note(topic, 0, 10);
    cut.state = 'aborted';
    expect(tracker.takeAborted()).toEqual([at(0, 0)]);
    waiting.state = 'answered';
    tracker.confirm();
    expect(tracker.committable()).toEqual([]);
  });

  it('reads nothing again for an answer that was cut off and held no records', () => {
    const tracker = new DeliveryTracker();
    tracker.open().state = 'aborted';
    sent(tracker, [0, 1]);
    expect(tracker.takeAborted()).toEqual([]);
    tracker.confirm();
    expect(tracker.committable()).toEqual([at(0, 2)]);
  });

  it('keeps an eye on an answer that outlives a change of the subscription (bug: its records were lost if it was cut off)', () => {
    const tracker = new DeliveryTracker();
    const waiting = tracker.open();
    tracker.reset();
    waiting.note(topic, 0, 5);
    waiting.state = 'aborted';
    expect(tracker.takeAborted()).toEqual([at(0, 5)]);
  });

  it('never lets a commit skip a record that nobody has proven to have, and lets it reach all that was', () => {
    const action = fc.oneof(
      fc.constant({ kind: 'open' as const }),
      fc.record({ kind: fc.constantFrom('take' as const, 'answered' as const, 'aborted' as const), pick: fc.nat(5) }),
      fc.constant({ kind: 'confirm' as const }),
      fc.constant({ kind: 'rewind' as const }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const tracker = new DeliveryTracker();
        /** Reads under way, with the offsets that they have taken. */
        const reads: { readonly batch: Batch; readonly offsets: number[] }[] = [];
        const answered = new Set<number>();
        const proven = new Set<number>();
        let position = 0;
        const confirm = (): void => {
          tracker.confirm();
          for (const offset of answered) proven.add(offset);
          answered.clear();
        };
        const rewind = (): void => {
          const [start] = tracker.takeAborted();
          if (start !== undefined) position = start.offset;
        };
        const settle = (read: (typeof reads)[number], state: 'answered' | 'aborted'): void => {
          read.batch.state = state;
          if (state === 'answered') for (const offset of read.offsets) answered.add(offset);
        };
        const assertNothingSkipped = (): void => {
          for (const { offset } of tracker.committable()) {
            for (let before = 0; before < offset; before += 1) expect(proven).toContain(before);
          }
        };
        for (const step of actions) {
          if (step.kind === 'open') reads.push({ batch: tracker.open(), offsets: [] });
          else if (step.kind === 'confirm') confirm();
          else if (step.kind === 'rewind') rewind();
          else {
            const read = reads[step.pick % reads.length];
            if (read === undefined) continue;
            if (step.kind === 'take') {
              read.batch.note(topic, 0, position);
              read.offsets.push(position);
              position += 1;
            } else {
              reads.splice(reads.indexOf(read), 1);
              settle(read, step.kind);
            }
          }
          assertNothingSkipped();
        }
        for (const read of reads) settle(read, 'answered');
        rewind();
        confirm();
        assertNothingSkipped();
        if (position > 0) {
          sent(tracker, [0, position]);
          confirm();
          expect(tracker.committable()).toEqual([at(0, position + 1)]);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
