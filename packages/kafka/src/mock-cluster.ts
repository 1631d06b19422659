import rdkafka from 'node-rdkafka';

import { kafkaErrorFromClient } from './error-mapping.ts';
import { settledWithin } from './settled-within.ts';

export interface MockClusterOptions {
  /** How many brokers it pretends to have; default 1. */
  readonly brokers?: number;
  /** Longest wait for its start, in milliseconds; default 5000. */
  readonly timeoutMs?: number;
}

export interface MockCluster {
  /** HOST:PORT of its brokers, comma-separated. */
  readonly bootstrapServers: string;
  /** Ends it and forgets all its records. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 5000;
const DISCONNECT_MS = 2000;

/**
 * Starts librdkafka's mock cluster in this process: a few brokers on free ports of the loopback interface that
 * keep records in memory. For demonstrations only: it has no administrative requests, no security, no offsets
 * by time and no fencing of static members, and makes each topic that is produced to, with 4 partitions.
 * @throws {KafkaError} if it does not answer in time
 */
export async function startMockCluster(options: MockClusterOptions = {}): Promise<MockCluster> {
  const { brokers = 1, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  // The cluster lives in this otherwise unused client, which invents the brokers and needs no address of one.
  const conf: Record<string, unknown> = { 'test.mock.num.brokers': brokers, log_level: 3 };
  const holder = new rdkafka.Producer(conf, {});
  const metadata = await new Promise<rdkafka.Metadata>((resolve, reject) => {
    holder.connect({ allTopics: false, timeout: timeoutMs }, (error, answer) => {
      if (error === null || error === undefined) {
        resolve(answer);
      } else {
        reject(kafkaErrorFromClient(error));
      }
    });
  });
  return {
    bootstrapServers: metadata.brokers.map(({ host, port }) => `${host}:${port}`).join(','),
    close: async () => {
      const disconnected = new Promise<void>((resolve) => {
        holder.disconnect(1, () => {
          resolve();
        });
      });
      await settledWithin(disconnected, DISCONNECT_MS);
    },
  };
}
