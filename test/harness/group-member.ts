import rdkafka from 'node-rdkafka';
import { deferred, within } from './conditions.ts';

const DEADLINE_MS = 10_000;
const POLL_MS = 50;
/** It hears that often whether its group rebalances. */
const HEARTBEAT_MS = 200;
const SESSION_MS = 10_000;

/** A member of a group that knows nothing of the proxy: what happens to it, happens to the rest of the group. */
export class GroupMember {
  readonly #client: rdkafka.KafkaConsumer;
  readonly #timer: NodeJS.Timeout;
  /** Times that partitions were given to it, or taken. */
  rebalances = 0;

  constructor(client: rdkafka.KafkaConsumer, topic: string) {
    this.#client = client;
    client.on('rebalance', () => {
      this.rebalances += 1;
    });
    client.setDefaultConsumeTimeout(0);
    client.subscribe([topic]);
    // Its callbacks are called while it is polled.
    this.#timer = setInterval(() => client.consume(100, () => undefined), POLL_MS);
  }

  static async join(bootstrap: string, group: string, topic: string): Promise<GroupMember> {
    const settings = {
      'bootstrap.servers': bootstrap,
      'group.id': group,
      'heartbeat.interval.ms': HEARTBEAT_MS,
      'session.timeout.ms': SESSION_MS,
      'enable.auto.commit': false,
      rebalance_cb: true,
    };
    const client = new rdkafka.KafkaConsumer(settings, { 'auto.offset.reset': 'earliest' });
    const connected = deferred();
    client.connect({ timeout: DEADLINE_MS }, (error) => (error ? connected.reject(error) : connected.resolve()));
    await within(connected.promise, DEADLINE_MS, 'a member of the group to connect');
    return new GroupMember(client, topic);
  }

  get partitions(): readonly number[] {
    return this.#client
      .assignments()
      .map(({ partition }) => partition)
      .toSorted((a, b) => a - b);
  }

  /** @throws Error when the group has gone on to another generation, or is about to */
  commit(topic: string, partition: number, offset: number): void {
    this.#client.commitSync({ topic, partition, offset });
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer);
    const left = deferred();
    this.#client.disconnect(() => left.resolve());
    await within(left.promise, DEADLINE_MS, 'a member to leave its group');
  }
}
