import {
  type InstanceName,
  type NodeIdentity,
  type NodeRecord,
  type Ownership,
  takeoverOrder,
} from '@sluice/directory';
import type { Session } from '../sessions/session.ts';

/** Calls another node of the cluster. @throws when it does not answer in time */
export type PeerCall = (
  node: NodeRecord,
  name: string,
  body: unknown,
  options: { readonly timeoutMs: number },
) => Promise<{ readonly status: number; readonly body: unknown }>;

export interface HandOverOptions {
  readonly identity: NodeIdentity;
  readonly nodes: () => readonly NodeRecord[];
  readonly call: PeerCall;
  readonly find: (name: InstanceName) => Promise<Ownership | undefined>;
  /** Writes what is still to be written about positions. */
  readonly flush: () => Promise<void>;
  readonly release: (session: Session, owner: Ownership | undefined) => Promise<void>;
  readonly onHandOver: (outcome: 'moved' | 'kept', seconds: number) => void;
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}

/**
 * Few at a time: each costs its new holder a Kafka client and a join, and the clients of those that wait in line for that
 * wait with them. Whoever is not on its way yet reads on here.
 */
const PARALLEL_MAX = 3;
const ADOPT_TIMEOUT_MS = 5000;
/** How long the next ones may be kept back until the successor of one can read, while there is time. */
const READY_MAX_MS = 3000;
/** How long a request under way may keep its instance. Reads end at once; what else there is asks Kafka. */
const BUSY_MS = 3000;
const BUSY_POLL_MS = 5;

/** Gives the instances of this node to others while it still runs: their clients wait for moments instead of a lease. */
export class HandOver {
  readonly #options: HandOverOptions;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** Hands over what can be, a few at a time, those in use first. Those that nobody takes stay. Never rejects. */
  async all(sessions: Iterable<Session>, deadlineMs: number): Promise<void> {
    const { now } = this.#options;
    const end = now() + deadlineMs;
    const left = [...sessions].toSorted((a, b) => b.touchedAt - a.touchedAt);
    const work = async (): Promise<void> => {
      for (let session = left.shift(); session !== undefined && now() < end; session = left.shift()) {
        const share = ((end - now()) * PARALLEL_MAX) / (left.length + PARALLEL_MAX);
        await this.#one(session, Math.min(READY_MAX_MS, share)).catch(this.#options.onError);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_MAX }, work));
  }

  async #one(session: Session, readyWithinMs: number): Promise<void> {
    const startedAt = this.#options.now();
    session.yield();
    await this.#untilIdle(session);
    // What was delivered is committed and written down before anybody else begins to read.
    await session.commitForSuccessor().catch(this.#options.onError);
    session.store.touch(session.journal);
    await this.#options.flush();
    const owner = await this.#adopted(session, Math.round(readyWithinMs));
    if (owner === undefined) session.yielding = false;
    else await this.#options.release(session, owner);
    this.#options.onHandOver(owner === undefined ? 'kept' : 'moved', (this.#options.now() - startedAt) / 1000);
  }

  async #untilIdle(session: Session): Promise<void> {
    const end = this.#options.now() + BUSY_MS;
    while (session.activeRequests > 0 && this.#options.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, BUSY_POLL_MS));
    }
  }

  async #adopted(session: Session, readyWithinMs: number): Promise<Ownership | undefined> {
    const { identity, nodes, call, onError } = this.#options;
    const { group, instance } = session.settings;
    const body = { group, instance, from: { node: identity, epoch: session.store.epoch }, readyWithinMs };
    const timeoutMs = ADOPT_TIMEOUT_MS + readyWithinMs;
    const others = nodes().filter(({ id }) => id !== identity.id);
    for (const node of takeoverOrder(others, { group, instance })) {
      try {
        const answer = await call(node, 'adopt', body, { timeoutMs });
        const { epoch } = answer.body as { epoch?: number };
        if (answer.status === 200 && epoch !== undefined) return { node: { id: node.id, boot: node.boot }, epoch };
      } catch (error) {
        onError(error);
      }
    }
    // One whose answer came too late may have it all the same.
    const owner = await this.#options.find({ group, instance }).catch(() => undefined);
    return owner !== undefined && owner.epoch > session.store.epoch ? owner : undefined;
  }
}
