import type rdkafka from 'node-rdkafka';
import type { BlockingCalls } from './blocking-calls.ts';
import { kafkaErrorFromClient, kafkaErrorFromCode } from './error-mapping.ts';
import type { KafkaError } from './kafka-error.ts';

interface ConnectOptions {
  readonly connectTimeoutMs: number;
  readonly blockingCalls: BlockingCalls;
}

interface LogEvent {
  readonly fac: string;
  readonly message: string;
}

const SASL_AUTHENTICATION_FAILED = 58;
const SASL_REFUSED = /SASL authentication error: (.*?)(?: \(after \d+ms.*)?$/;

/**
 * Connects a node-rdkafka client. Wrong credentials raise no error there: `connect` runs out its whole time and the
 * reason stands only in the log, so the log is watched and the wait ends as soon as the broker has refused.
 * @throws KafkaError family authentication when the broker refused the credentials, else a retriable one
 */
export async function connectClient(
  client: rdkafka.Client<rdkafka.KafkaClientEvents>,
  options: ConnectOptions,
): Promise<void> {
  const { connectTimeoutMs, blockingCalls } = options;
  let refused: (error: KafkaError) => void = () => undefined;
  const refusal = new Promise<never>((_, reject) => {
    refused = reject;
  });
  const onLog = (event: LogEvent): void => {
    const reason = SASL_REFUSED.exec(event.message)?.[1];
    if (reason !== undefined) refused(kafkaErrorFromCode(SASL_AUTHENTICATION_FAILED, { detail: reason }));
  };
  client.on('event.log', onLog);
  // The turn lasts until the native call has ended, also when its caller has had the refusal by then.
  const connected = blockingCalls.run('connect', connectTimeoutMs, () => {
    return new Promise<void>((resolve, reject) => {
      client.connect({ allTopics: false, timeout: connectTimeoutMs }, (error) => {
        if (error) reject(kafkaErrorFromClient(error));
        else resolve();
      });
    });
  });
  try {
    await Promise.race([connected, refusal]);
  } finally {
    connected.catch(() => undefined);
    client.removeListener('event.log', onLog);
  }
}
