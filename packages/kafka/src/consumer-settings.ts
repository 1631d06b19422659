/** librdkafka settings: `global` for the client, `topic` for the default topic configuration. */
export interface ClientConf {
  readonly global: Readonly<Record<string, unknown>>;
  readonly topic: Readonly<Record<string, unknown>>;
}

export interface ConsumerConfOptions {
  readonly groupId: string;
  /**
   * Makes the consumer a static member (KIP-345): who joins under the same id goes on with its partitions, without a
   * rebalance, and the one before is fenced.
   */
  readonly groupInstanceId?: string | undefined;
  readonly autoOffsetReset: 'earliest' | 'latest' | 'none';
  /** Undefined: as the settings say. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed' | undefined;
  /** What the configuration file says about consumers, already in librdkafka's names. */
  readonly settings: ClientConf;
  /** An instance lives this long without a request; the client's own limits must be longer. */
  readonly instanceTimeoutMs: number;
  /** Records that the client fetches ahead of its reads, in bytes. */
  readonly readAheadBytes: number;
  /** It tells when it has come to the end of a partition's log. */
  readonly partitionEof?: boolean;
}

/** Defaults that a setting in the configuration file replaces. */
const tunable: Readonly<Record<string, unknown>> = {
  'queued.min.messages': 10_000,
  'fetch.message.max.bytes': 1_048_576,
  // With a small queue the default back-off of a second opens a gap after each batch.
  'fetch.queue.backoff.ms': 10,
  'fetch.wait.max.ms': 500,
  'heartbeat.interval.ms': 3000,
  'session.timeout.ms': 45_000,
  'socket.nagle.disable': true,
  'topic.metadata.refresh.interval.ms': 60_000,
  'log.connection.close': false,
  // Strategies that the users' own consumers of the same group most likely have.
  'partition.assignment.strategy': 'range,roundrobin',
};

/** A fenced member learns of it from its next heartbeat, and hands out records of others until then. */
const STATIC_HEARTBEAT_MS = 1500;

/**
 * The settings of one consumer. Committing, storing offsets and creating topics are never left to the client:
 * only this proxy knows what was delivered to anybody.
 */
export function consumerConf(options: ConsumerConfOptions): ClientConf {
  const { settings, groupInstanceId, isolationLevel } = options;
  return {
    global: {
      ...tunable,
      // An instance fetches ahead while nobody reads it: this bounds what a thousand of them may hold.
      'queued.max.messages.kbytes': Math.max(1, Math.floor(options.readAheadBytes / 1024)),
      // Idle instances are kept in their group by the service poll; this is the backstop behind it.
      'max.poll.interval.ms': Math.max(options.instanceTimeoutMs + 60_000, 300_000),
      ...(groupInstanceId === undefined ? {} : { 'heartbeat.interval.ms': STATIC_HEARTBEAT_MS }),
      ...settings.global,
      ...(isolationLevel === undefined ? {} : { 'isolation.level': isolationLevel }),
      ...(groupInstanceId === undefined ? {} : { 'group.instance.id': groupInstanceId }),
      'group.id': options.groupId,
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'allow.auto.create.topics': false,
      'enable.partition.eof': options.partitionEof ?? false,
    },
    // Topic-level settings count only in the second argument of the constructor.
    topic: {
      ...settings.topic,
      'auto.offset.reset': options.autoOffsetReset === 'none' ? 'error' : options.autoOffsetReset,
    },
  };
}
