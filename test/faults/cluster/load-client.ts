import { setTimeout as delay } from 'node:timers/promises';
import { type HttpAnswer, httpClient } from '../../harness/http.ts';
import type { Call } from './history.ts';
import { type History, type Outcome, refused } from './history.ts';
import { pick, type Random } from './seeded-random.ts';

const V2 = 'application/vnd.kafka.v2+json';
const RETRY_PAUSE_MS = 100;
/** A client that is told to wait longer looks again all the same: what it measures is when it can go on. */
const RETRY_AFTER_MAX_MS = 1000;

export interface ClientOptions {
  readonly name: string;
  readonly history: History;
  /** The public addresses of this moment; each request goes to one of them. */
  readonly urls: () => readonly string[];
  readonly random: Random;
  readonly requestTimeoutMs: number;
}

interface Message {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The part of an entry that is the same for each operation. */
export type Attempt = Pick<Call, 'client' | 'url' | 'requestId' | 'sentAt' | 'endedAt' | 'outcome'>;

/** Makes the entry from one attempt and its answer, if it had one. */
type Describe<Entry extends Call> = (attempt: Attempt, answer: HttpAnswer | undefined) => Entry;

/** An HTTP client that writes down each attempt, and repeats only those after which HTTP lets it. */
export class LoadClient {
  readonly name: string;
  readonly history: History;
  readonly random: Random;
  readonly #options: ClientOptions;
  #requests = 0;

  constructor(options: ClientOptions) {
    this.name = options.name;
    this.history = options.history;
    this.random = options.random;
    this.#options = options;
  }

  /** One attempt, through any of the addresses. */
  async attempt<Entry extends Call>(message: Message, describe: Describe<Entry>): Promise<Entry> {
    const { history, urls, requestTimeoutMs } = this.#options;
    this.#requests += 1;
    const requestId = `${this.name}-${this.#requests}`;
    const url = pick(this.random, urls());
    const sentAt = history.now();
    let answer: HttpAnswer | undefined;
    let outcome: Outcome;
    try {
      answer = await httpClient(url).call(message.method, message.path, {
        headers: { 'x-request-id': requestId, 'content-type': V2, ...message.headers },
        timeoutMs: requestTimeoutMs,
        ...(message.body === undefined ? {} : { body: JSON.stringify(message.body) }),
      });
      outcome = outcomeOf(answer);
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      outcome = { type: 'failed', code: typeof code === 'string' ? code : name };
    }
    const attempt = { client: this.name, url, requestId, sentAt, endedAt: history.now(), outcome };
    const entry = describe(attempt, answer);
    history.append(entry);
    return entry;
  }

  /**
   * Attempts until the outcome is one that stands: for what was refused, and, where `again` says that the request may
   * be sent twice, for what failed in any way that passes.
   * @returns the last attempt; one that failed when `running` turned false, and so for ever as far as the loads go
   */
  async insist<Entry extends Call>(
    attempt: () => Promise<Entry>,
    options: { readonly again: boolean; readonly running: () => boolean },
  ): Promise<Entry> {
    for (;;) {
      const entry = await attempt();
      const isOver = !(refused(entry) || (options.again && isPassing(entry.outcome)));
      if (isOver || !options.running()) return entry;
      await delay(entry.outcome.type === 'answered' && entry.outcome.retryAfter ? RETRY_AFTER_MAX_MS : RETRY_PAUSE_MS);
    }
  }

  /** Up to `ms`, at least half of it. */
  async pause(ms: number): Promise<void> {
    await delay(ms * (0.5 + this.random() / 2));
  }
}

/** Nobody knows what became of it, or the server says that another time may do. */
function isPassing(outcome: Outcome): boolean {
  return outcome.type === 'failed' || outcome.status >= 500;
}

function outcomeOf(answer: HttpAnswer): Outcome {
  const header = (name: string): string | undefined => {
    const value = answer.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    type: 'answered',
    status: answer.status,
    errorCode: errorCodeOf(answer),
    requestId: header('x-request-id'),
    retryAfter: header('retry-after') !== undefined,
    node: header('x-sluice-node'),
  };
}

function errorCodeOf(answer: HttpAnswer): number | undefined {
  if (answer.status < 400) return undefined;
  try {
    return (answer.json() as { readonly error_code?: number }).error_code;
  } catch {
    return undefined;
  }
}
