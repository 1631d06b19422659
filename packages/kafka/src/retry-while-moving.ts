import { KafkaError } from './kafka-error.ts';

/** Who may be on the move: the coordinator of a group, or the leader of a partition. */
export type Moving = 'coordinator' | 'leader';

/** What brokers answer while the one that is asked is not, or no longer, the one in charge. */
const movingCodes: Readonly<Record<Moving, ReadonlySet<number>>> = {
  /** A group's coordinator starts or moves to another broker, or a transaction that commits for the group is open. */
  coordinator: new Set([14, 15, 16, 88]),
  /** A partition's leader was just elected, and not every broker knows. */
  leader: new Set([6, 74, 75, 76]),
};

const RETRY_DELAY_MS = 100;

/** Whether an answer is the error of a coordinator or leader that is on the move. */
export function isMoving(who: Moving, answer: unknown): boolean {
  return answer instanceof KafkaError && movingCodes[who].has(answer.code);
}

/**
 * Repeats a question while its coordinator or leader moves, as the Java client does. The admin client hands the
 * first such answer out instead: a read of the very first group of a new cluster, or one during a rolling
 * restart, began without its offsets and never got any; the offsets of a topic that was just made were refused.
 * @param ask must have a deadline of its own, and look anew for whom to ask
 * @param timeoutMs how long to go on repeating
 * @throws whatever `ask` rejects with, after the time the last answer
 */
export async function retryWhileMoving<Answer>(
  who: Moving,
  ask: () => Promise<Answer>,
  timeoutMs: number,
): Promise<Answer> {
  const lastRetryAt = performance.now() + timeoutMs - RETRY_DELAY_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isMoving(who, error) || performance.now() > lastRetryAt) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
  }
}
