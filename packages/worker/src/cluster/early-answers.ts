import type { Session } from '../sessions/session.ts';

export interface EarlyAnswersOptions {
  /** Whether this node is handing its instances over, which answers their reads anyway. */
  readonly handingOver: () => boolean;
  readonly now: () => number;
}

/** So long an instance takes no other request while it answers its reads; a commit that is slow is not waited for. */
const YIELD_MS = 500;
const POLL_MS = 5;

/**
 * Has the reads that wait for records of an instance answered with what there is: who waits for them is about to end, and
 * would cut its client off. What else is asked of the instance meanwhile is declined, and comes again in a moment.
 */
export async function answerReads(session: Session, { handingOver, now }: EarlyAnswersOptions): Promise<void> {
  if (session.yielding || session.activeRequests === 0 || handingOver()) return;
  session.yield();
  const end = now() + YIELD_MS;
  // A read that is not waiting just now looks when it would begin to.
  while (session.activeRequests > 0 && now() < end) await pause();
  // Begun meanwhile, a hand-over needs it to stay as it is; what nobody took is served on behind it.
  while (handingOver()) await pause();
  session.yielding = false;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
