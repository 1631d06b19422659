import rdkafka from 'node-rdkafka';
import { consumerConf } from '../../../packages/kafka/src/consumer-settings.ts';
import { producerConf } from '../../../packages/kafka/src/producer-conf.ts';
import { settings } from '../../../packages/runtime/src/settings.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** As often as the proxy asks for delivery reports while records are in flight. */
const POLL_INTERVAL_MS = 1;

type RawClient = rdkafka.Producer | rdkafka.KafkaConsumer;

function connected(client: RawClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.connect({ timeout: CONNECT_TIMEOUT_MS }, (error: unknown) => {
      if (error) reject(new Error('no connection to the broker', { cause: error }));
      else resolve();
    });
  });
}

/** A producer with the very settings of the proxy, so that the yardstick measures what the proxy adds to them. */
export async function rawProducer(bootstrap: string): Promise<rdkafka.Producer> {
  const conf = producerConf({
    settings: { global: { 'bootstrap.servers': bootstrap }, topic: {} },
    deliveryTimeoutMs: settings.produce.deliveryTimeoutMs.defaultValue,
    metadataTimeoutMs: settings.produce.metadataTimeoutMs.defaultValue,
  });
  const producer = new rdkafka.Producer(conf.global, conf.topic);
  await connected(producer);
  producer.setPollInterval(POLL_INTERVAL_MS);
  return producer;
}

/** Has the producer look up a topic before the first record to it, which otherwise waits for that. */
export function lookUpTopic(producer: rdkafka.Producer, topic: string): Promise<void> {
  return new Promise((resolve, reject) => {
    producer.getMetadata({ topic, allTopics: false, timeout: CONNECT_TIMEOUT_MS }, (error) => {
      if (error) reject(new Error(`no metadata of topic ${topic}`, { cause: error }));
      else resolve();
    });
  });
}

/** A consumer with the very settings of the proxy, reading from the earliest offset. */
export async function rawConsumer(bootstrap: string, group: string): Promise<rdkafka.KafkaConsumer> {
  const conf = consumerConf({
    groupId: group,
    autoOffsetReset: 'earliest',
    settings: { global: { 'bootstrap.servers': bootstrap }, topic: {} },
    instanceTimeoutMs: settings.consumer.instanceTimeoutMs.defaultValue,
    readAheadBytes: settings.consumer.readAheadBytes.defaultValue,
  });
  const consumer = new rdkafka.KafkaConsumer({ ...conf.global }, { ...conf.topic });
  await connected(consumer);
  return consumer;
}

/** Up to `count` records; waits up to `timeoutMs` for the first and for each further one. */
export function consume(
  consumer: rdkafka.KafkaConsumer,
  count: number,
  timeoutMs: number,
): Promise<readonly rdkafka.Message[]> {
  consumer.setDefaultConsumeTimeout(timeoutMs);
  return new Promise((resolve, reject) => {
    consumer.consume(count, (error, messages) => {
      if (error) reject(new Error('cannot consume', { cause: error }));
      else resolve(messages);
    });
  });
}

export function disconnected(client: RawClient): Promise<void> {
  return new Promise((resolve) => {
    client.disconnect(() => resolve());
  });
}
