import { KafkaError } from './kafka-error.ts';

/** What brokers answer while a group's coordinator starts or moves to another broker. */
const COORDINATOR_MOVES: ReadonlySet<number> = new Set([14, 15, 16]);

const RETRY_DELAY_MS = 100;

/**
 * Repeats a question to the coordinator of a group while there is none that answers, as the Java client does.
 * librdkafka hands the first such answer out instead: a read of the very first group of a new cluster, or one during
 * a rolling restart, began without its offsets and never got any.
 * @param ask must have a deadline of its own
 * @param timeoutMs how long to go on repeating
 * @throws whatever `ask` rejects with, after the time the last answer of the coordinator
 */
export async function askCoordinator<Answer>(ask: () => Promise<Answer>, timeoutMs: number): Promise<Answer> {
  const lastRetryAt = performance.now() + timeoutMs - RETRY_DELAY_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const moves = error instanceof KafkaError && COORDINATOR_MOVES.has(error.code);
      if (!moves || performance.now() > lastRetryAt) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
  }
}
