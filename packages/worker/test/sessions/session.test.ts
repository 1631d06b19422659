import { type Consumer, type ConsumerHooks, KafkaError, OFFSET_NONE, servicePrincipal } from '@sluice/kafka';
import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { deferred } from '../../../../test/harness/conditions.ts';
import { jsonFormat } from '../../src/formats/json-format.ts';
import { ReadScheduler } from '../../src/sessions/read-scheduler.ts';
import { Session } from '../../src/sessions/session.ts';
import type { SessionDependencies } from '../../src/sessions/session-settings.ts';
import { localStore } from '../../src/sessions/session-store.ts';
import { compileTopicPattern } from '../../src/sessions/topic-pattern.ts';

interface LookUp {
  readonly topic: string;
  readonly begun: ReturnType<typeof deferred<void>>;
  readonly answer: ReturnType<typeof deferred<void>>;
}

function lookUpOf(topic: string): LookUp {
  return { topic, begun: deferred(), answer: deferred() };
}

/** A Kafka consumer that does what it is told at once, unless a test holds it up. */
class FakeConsumer {
  readonly hooks: ConsumerHooks;
  assigned: readonly TopicPartitionOffset[] = [];
  subscribed: readonly string[] = [];
  readonly commits: TopicPartitionOffset[] = [];
  /** Look-ups of committed offsets of this topic wait for it. */
  held: LookUp | undefined;
  /** The queue of the native handle is busy until then. */
  busy: Promise<void> = Promise.resolve();

  constructor(hooks: ConsumerHooks) {
    this.hooks = hooks;
  }

  async connect(): Promise<void> {}

  async close(): Promise<void> {}

  get unpositioned(): readonly TopicPartition[] {
    return this.assigned.filter(({ offset }) => offset === OFFSET_NONE);
  }

  isAssigned({ topic, partition }: TopicPartition): boolean {
    return this.assigned.some((one) => one.topic === topic && one.partition === partition);
  }

  async assign(starts: readonly TopicPartitionOffset[]): Promise<void> {
    this.assigned = starts;
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    await this.busy;
    this.subscribed = topics;
  }

  async unsubscribe(): Promise<void> {
    await this.busy;
    this.subscribed = [];
    this.assigned = [];
  }

  async reposition(choose: (current: TopicPartitionOffset[]) => TopicPartitionOffset[]): Promise<void> {
    await this.busy;
    this.assigned = choose([...this.assigned]);
  }

  async committed(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    if (partitions.some(({ topic }) => topic === this.held?.topic)) {
      this.held?.begun.resolve();
      await this.held?.answer.promise;
    }
    return partitions.map(({ topic, partition }) => ({ topic, partition, offset: 0 }));
  }

  commitWithoutWaiting(): void {}

  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    this.commits.push(...offsets);
  }

  async leave(): Promise<void> {}
}

interface Subject {
  readonly session: Session;
  readonly consumers: FakeConsumer[];
  readonly consumer: () => FakeConsumer;
}

function subjectOf(prepare: (consumer: FakeConsumer) => void = () => undefined): Subject {
  const consumers: FakeConsumer[] = [];
  const dependencies: SessionDependencies = {
    admins: { of: () => ({ assertReadable: async () => undefined }) } as unknown as SessionDependencies['admins'],
    scheduler: new ReadScheduler(),
    createConsumer: (_settings, hooks) => {
      const consumer = new FakeConsumer(hooks);
      prepare(consumer);
      consumers.push(consumer);
      return consumer as unknown as Consumer;
    },
    joinTimeoutMs: 1000,
    now: () => 0,
    onLog: () => undefined,
  };
  const session = new Session(
    {
      group: 'g',
      instance: 'i',
      principal: servicePrincipal,
      groupInstanceId: undefined,
      format: jsonFormat,
      autoOffsetReset: 'earliest',
      autoCommit: true,
      api: 'v2',
      autoCommitIntervalMs: 1000,
      fetchMinBytes: -1,
      requestTimeoutMs: 1000,
    },
    dependencies,
    localStore(1),
  );
  return { session, consumers, consumer: () => consumers.at(-1) as FakeConsumer };
}

const zero = (topic: string): TopicPartition[] => [{ topic, partition: 0 }];

function answered(session: Session, topic: string, first: number, last: number): void {
  const batch = session.offsets.deliveries.open();
  for (let offset = first; offset <= last; offset += 1) batch.note(topic, 0, offset);
  session.settle(batch, true);
}

describe('a session of which two things are asked at once', () => {
  it('reads the later of two assignments (bug: the one whose look-up took longer won)', async () => {
    const { session, consumer } = subjectOf();
    await session.reading.assign(zero('first'));
    const lookUp = lookUpOf('slow');
    consumer().held = lookUp;
    const slow = session.reading.assign(zero('slow'));
    await lookUp.begun.promise;
    await session.reading.assign(zero('quick'));
    lookUp.answer.resolve();
    await slow;
    expect(session.reading.assignments).toEqual(zero('quick'));
    expect(consumer().assigned).toMatchObject(zero('quick'));
  });

  it('reads nothing when it was unsubscribed while its consumer was made', async () => {
    const lookUp = lookUpOf('slow');
    const { session, consumer } = subjectOf((made) => {
      made.held = lookUp;
    });
    const slow = session.reading.assign(zero('slow'));
    await lookUp.begun.promise;
    await session.reading.unsubscribe();
    lookUp.answer.resolve();
    await slow;
    expect(consumer().assigned).toEqual([]);
    expect(session.reading.hasSource).toBe(false);
    expect(session.reading.assignments).toEqual([]);
  });

  it('does not follow its pattern again after it was unsubscribed (bug: the next refresh brought it back)', async () => {
    const { session, consumer } = subjectOf();
    await session.reading.subscribePattern(compileTopicPattern('log-.*'), ['log-1']);
    const turn = deferred();
    consumer().busy = turn.promise;
    const refresh = session.reading.refreshPattern(['log-1', 'log-2']);
    const unsubscribe = session.reading.unsubscribe();
    turn.resolve();
    await Promise.all([refresh, unsubscribe]);
    expect(session.reading.hasSource).toBe(false);
    expect(consumer().subscribed).toEqual([]);
  });

  it('offers no offset beyond a seek for what a read took while the seek waited (bug: a commit passed the new position)', async () => {
    const { session, consumer } = subjectOf();
    await session.reading.assign(zero('t'));
    const turn = deferred();
    consumer().busy = turn.promise;
    const seek = session.reading.seek([{ topic: 't', partition: 0, offset: 3 }]);
    await Promise.resolve();
    answered(session, 't', 10, 19);
    turn.resolve();
    await seek;
    session.offsets.beginRead();
    expect(session.offsets.deliveries.committable()).toEqual([{ topic: 't', partition: 0, offset: 3 }]);
  });

  it('reads again what a read took while the rewind to an aborted answer waited', async () => {
    const { session, consumer } = subjectOf();
    await session.reading.assign(zero('t'));
    const aborted = session.offsets.deliveries.open();
    for (let offset = 0; offset < 10; offset += 1) aborted.note('t', 0, offset);
    session.settle(aborted, false);
    const turn = deferred();
    consumer().busy = turn.promise;
    const rewind = session.reading.reclaimAborted(consumer() as unknown as Consumer);
    answered(session, 't', 10, 19);
    turn.resolve();
    await rewind;
    session.offsets.beginRead();
    expect(consumer().assigned).toEqual([{ topic: 't', partition: 0, offset: 0 }]);
    expect(session.offsets.deliveries.committable()).toEqual([]);
  });
});

describe('a session whose consumer is gone', () => {
  const fatal = new KafkaError(-150, 'retriable', 'fenced', { retriable: true });

  it('commits nothing for partitions that its group has given to others (bug: it threw their offsets back)', async () => {
    const { session, consumer } = subjectOf();
    await session.reading.subscribe(['t']);
    answered(session, 't', 0, 9);
    session.offsets.beginRead();
    consumer().hooks.onError(fatal, true);
    expect(session.offsets.deliveries.committable()).toEqual([]);
  });

  it('commits at its end what was delivered of its subscription', async () => {
    const { session, consumer } = subjectOf();
    await session.reading.subscribe(['t']);
    answered(session, 't', 0, 9);
    await session.leave(true);
    expect(consumer().commits).toEqual([{ topic: 't', partition: 0, offset: 10 }]);
  });

  it('still has what was delivered of partitions that it was assigned by its client', async () => {
    const { session, consumer } = subjectOf();
    await session.reading.assign(zero('t'));
    answered(session, 't', 0, 9);
    session.offsets.beginRead();
    consumer().hooks.onError(fatal, true);
    expect(session.offsets.deliveries.committable()).toEqual([{ topic: 't', partition: 0, offset: 10 }]);
  });
});
