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
  settle(error?: KafkaError): void;
}

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

  /** Commits that are not answered yet, oldest first. */
  get pending(): readonly PendingCommit[] {
    return [...this.#entries].map(({ commit }) => commit);
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
      settle: (error) => {
        settled = true;
        clearTimeout(timer);
        this.#entries.delete(entry);
        finish(error);
      },
    };
    const timer = setTimeout(() => {
      entry.settle(timeoutError('the commit was sent and not answered; it may still take effect', timeoutMs));
    }, timeoutMs);
    this.#entries.add(entry);
    return commit;
  }

  /** The client's callback: the oldest waiting commit of exactly these offsets is answered. */
  answer(offsets: readonly TopicPartitionOffset[], error?: KafkaError): void {
    const signature = signatureOf(offsets);
    for (const entry of this.#entries) {
      if (entry.signature === signature) {
        entry.settle(error);
        return;
      }
    }
  }

  /** Answers all that wait, when the client that would have is gone. */
  abandon(error: KafkaError): void {
    for (const entry of this.#entries) entry.settle(error);
  }
}
