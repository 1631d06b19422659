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
  /** The latest that ran out of time, and how many did. */
  #overdue: { readonly error: KafkaError; readonly count: number } | undefined;

  /** Commits that are not answered yet. */
  get waiting(): number {
    return this.#entries.size;
  }

  /** @returns a function that gives the error of a commit which ran out of time since now, if one did */
  failedByDeadline(): () => KafkaError | undefined {
    const before = this.#overdue?.count ?? 0;
    return () => ((this.#overdue?.count ?? 0) > before ? this.#overdue?.error : undefined);
  }

  add(offsets: readonly TopicPartitionOffset[], timeoutMs: number): PendingCommit {
    let settled = false;
    const answer = new Promise<void>((resolve, reject) => {
      const entry: Entry = {
        signature: signatureOf(offsets),
        settle: (error) => {
          settled = true;
          clearTimeout(timer);
          this.#entries.delete(entry);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      const timer = setTimeout(() => {
        const error = timeoutError('the commit was sent and not answered; it may still take effect', timeoutMs);
        this.#overdue = { error, count: (this.#overdue?.count ?? 0) + 1 };
        entry.settle(error);
      }, timeoutMs);
      this.#entries.add(entry);
    });
    // Whoever stops waiting early (a closed instance) must not leave an unhandled rejection behind.
    answer.catch(() => undefined);
    return {
      answer,
      get settled() {
        return settled;
      },
    };
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
