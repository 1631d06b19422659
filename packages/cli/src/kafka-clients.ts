import {
  AdminPool,
  BlockingCalls,
  Consumer,
  type ConsumerHooks,
  type KafkaError,
  type LibrdkafkaSettings,
  LogReaderPool,
  ProducerPool,
} from '@sluice/kafka';
import type { Logger, Metrics } from '@sluice/runtime';
import type { ConsumerFactory } from '@sluice/worker';
import type { Configuration } from './configuration.ts';

/** All that speaks to Kafka in this process. Nothing is connected until it is used. */
export interface KafkaClients {
  readonly admins: AdminPool;
  readonly producers: ProducerPool;
  readonly logReaders: LogReaderPool;
  readonly blockingCalls: BlockingCalls;
  readonly createConsumer: ConsumerFactory;
}

/** Syslog's "error": what librdkafka logs below it are matters of course while brokers come and go. */
const SYSLOG_ERROR = 3;
const BYTES_PER_KIB = 1024;

/** Makes the Kafka clients from the configuration, and has them report to the log and the metrics. */
export function createKafkaClients({ config, clients }: Configuration, metrics: Metrics, log: Logger): KafkaClients {
  const blockingCalls = new BlockingCalls();
  const admins = new AdminPool({
    adminOptions: () => ({ settings: clients.admin, timeoutMs: config.kafka.adminTimeoutMs }),
  });
  const onLog = (severity: number, facility: string, message: string): void => {
    if (severity <= SYSLOG_ERROR) log.warn({ facility }, message);
    else log.debug({ facility }, message);
  };
  const producers = new ProducerPool({
    producerOptions: (principal) => ({
      settings: withQueueLimits(clients.producer, config.produce),
      tokens: clients.producer.tokens,
      exact: clients.producer.exact,
      deliveryTimeoutMs: config.produce.deliveryTimeoutMs,
      metadataTimeoutMs: config.produce.metadataTimeoutMs,
      connectTimeoutMs: config.kafka.connectTimeoutMs,
      blockingCalls,
      partitionCount: async (topic, atLeast) => await admins.of(principal).partitionCount(topic, atLeast),
      hooks: { ...producerMetrics(metrics), onLog },
    }),
  });
  observeProducers(metrics, producers);
  const createConsumer = (settings: Parameters<ConsumerFactory>[0], hooks: ConsumerHooks): Consumer =>
    new Consumer({
      groupId: settings.group,
      groupInstanceId: settings.groupInstanceId,
      autoOffsetReset: settings.autoOffsetReset,
      isolationLevel: settings.isolationLevel,
      settings: clients.consumer,
      tokens: clients.consumer.tokens,
      readAheadBytes: config.consumer.readAheadBytes,
      instanceTimeoutMs: config.consumer.instanceTimeoutMs,
      parkAfterMs: config.consumer.parkAfterMs,
      connectTimeoutMs: config.kafka.connectTimeoutMs,
      requestTimeoutMs: config.kafka.adminTimeoutMs,
      blockingCalls,
      committedOffsets: (partitions) => admins.of(settings.principal).committedOffsets(settings.group, partitions),
      hooks,
    });
  const logReaders = new LogReaderPool({
    readerOptions: () => ({
      client: {
        settings: clients.consumer,
        tokens: clients.consumer.tokens,
        readAheadBytes: config.consumer.readAheadBytes,
        connectTimeoutMs: config.kafka.connectTimeoutMs,
        requestTimeoutMs: config.kafka.adminTimeoutMs,
        blockingCalls,
      },
      clientsMax: config.consumer.partitionReadsMax,
      waitMs: config.consumer.partitionReadsWaitMs,
      onLog,
    }),
  });
  return { admins, producers, logReaders, blockingCalls, createConsumer };
}

/** Our own limits of the producer's queue, unless the file sets them in Kafka's terms (`producer.buffer.memory`). */
function withQueueLimits(
  settings: LibrdkafkaSettings,
  limits: Configuration['config']['produce'],
): Pick<LibrdkafkaSettings, 'global' | 'topic'> {
  return {
    global: {
      'queue.buffering.max.messages': limits.queueMaxRecords,
      'queue.buffering.max.kbytes': Math.ceil(limits.queueMaxBytes / BYTES_PER_KIB),
      ...settings.global,
    },
    topic: settings.topic,
  };
}

function producerMetrics(metrics: Metrics): {
  onDelivery: (records: number, bytes: number, seconds: number) => void;
  onError: (error: KafkaError, records: number) => void;
} {
  const seconds = metrics
    .histogram('producer_delivery_seconds', 'From a produce request to the last of its delivery reports.')
    .bind({});
  const errors = metrics.counter('producer_errors_total', 'Records that failed, and failures of whole producers.', [
    'family',
  ]);
  return {
    onDelivery: (_records, _bytes, duration) => seconds.observe(duration),
    onError: (error, records) => errors.bind({ family: error.family }).inc(Math.max(records, 1)),
  };
}

function observeProducers(metrics: Metrics, producers: ProducerPool): void {
  metrics.observedGauge('producer_queue_requests', 'Produce requests that wait for delivery reports.', () => {
    return producers.stats().requests;
  });
  metrics.observedGauge('producer_queue_records', 'Records on their way to Kafka.', () => producers.stats().records);
  metrics.observedGauge('producer_queue_bytes', 'Size of the records on their way to Kafka.', () => {
    return producers.stats().bytes;
  });
}
