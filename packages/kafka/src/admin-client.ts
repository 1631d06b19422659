import { Admin } from '@platformatic/kafka';

import { kafkaErrorFromAdmin } from './admin-error-mapping.ts';
import type { AdminSettings } from './client-settings.ts';
import { type ErrorContext, timeoutError } from './error-mapping.ts';
import type { KafkaError } from './kafka-error.ts';
import { LONGEST_TIMER_MS } from './longest-timer.ts';
import { TurnQueue, type TurnQueueStats } from './turn-queue.ts';

export interface AdminClientOptions {
  readonly settings: AdminSettings;
  /** Longest time a call may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How many calls may be under way at once; default 16. */
  readonly maxConcurrent?: number;
  /** How many calls may wait for their turn; default 1000. */
  readonly maxWaiting?: number;
}

const DEFAULT_MAX_CONCURRENT = 16;
const DEFAULT_MAX_WAITING = 1000;
const LONGEST_CONNECT_MS = 3000;

/**
 * The protocol connection behind the administrative calls: made on first use, with a deadline and a mapped
 * error for each call, and thrown away after trouble with the network.
 */
export class AdminClient {
  readonly #options: AdminClientOptions;
  readonly #turns: TurnQueue;
  #admin: Admin | undefined;
  #closed = false;

  constructor(options: AdminClientOptions) {
    this.#options = options;
    this.#turns = new TurnQueue({
      limit: options.maxConcurrent ?? DEFAULT_MAX_CONCURRENT,
      maxWaiting: options.maxWaiting ?? DEFAULT_MAX_WAITING,
      resource: 'its turn',
    });
  }

  /**
   * Runs a call of the Admin class.
   * @throws {KafkaError} retriable after the deadline or for trouble with the network, else by what the broker said
   */
  async call<T>(what: string, context: ErrorContext, run: (admin: Admin) => Promise<T>): Promise<T> {
    const { timeoutMs } = this.#options;
    return await this.#turns.run(what, timeoutMs, async () => {
      const admin = this.#current();
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          reject(timeoutError(what, timeoutMs));
        }, timeoutMs);
      });
      const answer = run(admin).catch((error: unknown) => {
        throw this.noteFailure(error, admin, context);
      });
      try {
        return await Promise.race([answer, deadline]);
      } finally {
        clearTimeout(timer);
        answer.catch(() => undefined);
      }
    });
  }

  /**
   * The error for what failed within a call, whether or not it fails the call. After a lost connection or a timeout the
   * state of the others is unknown, so the next call gets a new client, which costs two round trips.
   */
  noteFailure(failure: unknown, admin: Admin, context?: ErrorContext): KafkaError {
    const error = kafkaErrorFromAdmin(failure, context);
    if (error.code < 0 && this.#admin === admin) {
      this.#admin = undefined;
      admin.close().catch(() => undefined);
    }
    return error;
  }

  stats(): TurnQueueStats {
    return this.#turns.stats();
  }

  /** Later calls are refused; those under way fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.close().catch(() => undefined);
  }

  #current(): Admin {
    if (this.#closed) {
      throw timeoutError('the admin client is closed', 0);
    }
    this.#admin ??= this.#create();
    return this.#admin;
  }

  #create(): Admin {
    const { settings, timeoutMs } = this.#options;
    const admin = new Admin({
      connectTimeout: Math.min(LONGEST_CONNECT_MS, timeoutMs),
      ...settings,
      // Ours is the deadline: theirs comes only after it, since a connection is unusable once one of its requests timed out.
      requestTimeout: Math.min(Math.max(settings.requestTimeout ?? 0, 2 * timeoutMs), LONGEST_TIMER_MS),
      // Their retries also repeat answers that are final (unknown topic), a second apart.
      retries: 0,
      autocreateTopics: false,
    });
    // A second error on a connection that the pool has let go would end the process: nobody listens any more.
    admin.connections.on('connecting', ({ connection }) => {
      connection.on('error', () => undefined);
    });
    return admin;
  }
}
