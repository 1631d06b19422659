import type { TopicPartitionOffset } from '@sluice/protocol';
import { timeoutError } from './error-mapping.ts';
import type { KafkaError } from './kafka-error.ts';

/** A commit that waits for the broker's word. */
export interface PendingCommit {
  /** Settles with the answer; rejects with its KafkaError, or with a timeout after the deadline. */
  readonly answer: Promise<void>;
  readonly settled: boolean;
}

interface Entry {
  readonly signature: string;
  readonly commit: PendingCommit;
  readonly sentAt: number;
  /** The client has it no more. */
  end(error?: KafkaError): void;
}

/** By then the client has given up every request that it may have tried again meanwhile. */
const FORGET_MS = 120_000;
const STUCK_MS = 1000;

function signatureOf(offsets: readonly TopicPartitionOffset[]): string {
  return offsets
    .map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`)
    .toSorted()
    .join();
}

/**
 * Finds the commit that an answer belongs to. The client's commit callback carries no identity, just the offsets;
 * answers to commits that nobody waits for (the automatic ones) come the same way, so they stand in line, too.
 */
export class CommitQueue {
  readonly #entries = new Set<Entry>();

  /** Commits that somebody may still wait for, oldest first. */
  get pending(): readonly PendingCommit[] {
    return [...this.#entries].map(({ commit }) => commit).filter(({ settled }) => !settled);
  }

  /**
   * The client has a commit that it was not told the end of. It may send it again at any time, and behind whatever was
   * committed meanwhile, which it would take back.
   */
  get busy(): boolean {
    return this.#entries.size > 0;
  }

  /** The same for so long that its broker must have trouble. */
  get stuck(): boolean {
    const [oldest] = this.#entries;
    return oldest !== undefined && performance.now() - oldest.sentAt > STUCK_MS;
  }

  add(offsets: readonly TopicPartitionOffset[], timeoutMs: number): PendingCommit {
    let settled = false;
    let finish: (error: KafkaError | undefined) => void = () => undefined;
    const answer = new Promise<void>((resolve, reject) => {
      finish = (error): void => (error === undefined ? resolve() : reject(error));
    });
    // Whoever stops waiting early (a closed instance) must not leave an unhandled rejection behind.
    answer.catch(() => undefined);
    const commit: PendingCommit = {
      answer,
      get settled() {
        return settled;
      },
    };
    const entry: Entry = {
      signature: signatureOf(offsets),
      commit,
      sentAt: performance.now(),
      end: (error) => {
        settled = true;
        clearTimeout(timer);
        this.#entries.delete(entry);
        finish(error);
      },
    };
    let timer = setTimeout(() => {
      settled = true;
      finish(timeoutError('the commit was sent and not answered; it may still take effect', timeoutMs));
      timer = setTimeout(() => entry.end(), FORGET_MS);
    }, timeoutMs);
    this.#entries.add(entry);
    return commit;
  }

  /** The client's callback: the oldest waiting commit of exactly these offsets is answered. */
  answer(offsets: readonly TopicPartitionOffset[], error?: KafkaError): void {
    const signature = signatureOf(offsets);
    for (const entry of this.#entries) {
      if (entry.signature === signature) {
        entry.end(error);
        return;
      }
    }
  }

  /** Answers all that wait, when the client that would have is gone. */
  abandon(error: KafkaError): void {
    for (const entry of this.#entries) entry.end(error);
  }
}
