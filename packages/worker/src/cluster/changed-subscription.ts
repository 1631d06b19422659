import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from '../sessions/session.ts';

/** What the group has of an instance's membership. */
export interface GroupMembership {
  /** The topics that it has joined for; undefined when that is not known. */
  readonly joinedFor: () => Promise<readonly string[] | undefined>;
  /** Takes it out of the group: it joins anew. */
  readonly remove: () => Promise<void>;
}

/** A request may be waiting for the instance: without an answer until then it goes on as if nothing had changed. */
const LOOK_MS = 1000;
const POLL_MS = 100;

/**
 * A broker gives a static member that comes back the partitions that it had, and does not look whether it is subscribed to
 * the same topics. A successor that joined for others (its pattern matches a new one; its predecessor died before its group
 * had heard of a new subscription) would not read them until its group rebalances for another reason. So it is taken out of
 * the group once it has joined, and the old holder is fenced: it notices at its next heartbeat, and joins anew.
 *
 * Resolves when it is known what the predecessor had joined for, which has to be asked before the successor joins.
 * @param joinMs for so long it may not be asked for, and so not join
 * @throws what the group could not be asked for
 */
export async function rejoinIfChanged(
  session: Session,
  membership: GroupMembership,
  { joinMs, onError }: { readonly joinMs: number; readonly onError: (error: unknown) => void },
): Promise<void> {
  const { reading } = session;
  if (!reading.isSubscribed || reading.topics.length === 0) return;
  const before = await Promise.race([membership.joinedFor(), delay(LOOK_MS, undefined, { ref: false })]);
  if (before === undefined || isSame(before, reading.topics)) return;
  void removeOnceJoined(session, membership, joinMs).catch(onError);
}

async function removeOnceJoined(session: Session, { remove }: GroupMembership, joinMs: number): Promise<void> {
  for (let waited = 0; session.isArriving; waited += POLL_MS) {
    if (session.closed || waited >= joinMs) return;
    await delay(POLL_MS, undefined, { ref: false });
  }
  if (!session.closed) await remove();
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  const names = new Set(some);
  return names.size === new Set(others).size && others.every((name) => names.has(name));
}
