import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from './outage.ts';
import type { RestInstance } from './rest-client.ts';

const FAILURE_PAUSE_MS = 20;

export interface PollingOptions {
  readonly instance: RestInstance;
  readonly group: string;
  readonly timeoutMs: number;
}

/** A client that does nothing but read from its instance, one read after the other, and looks at what it gets. */
export class PollingClient {
  readonly group: string;
  readonly instance: RestInstance;
  /** Reads that were answered 200, records or none. */
  readonly answers: Answer[] = [];
  /** Those of them that brought records. */
  readonly deliveries: Answer[] = [];
  readonly failures: string[] = [];
  /** A record was left out: whatever was measured is worth nothing. */
  loss: string | undefined;
  readonly #timeoutMs: number;
  #nextOffset = 0;
  #isStopped = true;
  #running: Promise<void> = Promise.resolve();

  constructor({ instance, group, timeoutMs }: PollingOptions) {
    this.instance = instance;
    this.group = group;
    this.#timeoutMs = timeoutMs;
  }

  start(): void {
    this.#isStopped = false;
    this.#running = this.#poll();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #poll(): Promise<void> {
    while (!this.#isStopped) {
      const askedAtMs = performance.now();
      try {
        const body = await this.instance.read({ timeout: this.#timeoutMs });
        const answer = { askedAtMs, answeredAtMs: performance.now() };
        this.answers.push(answer);
        if (this.#take(body)) this.deliveries.push(answer);
      } catch (error) {
        this.failures.push((error as Error).message);
        await delay(FAILURE_PAUSE_MS);
      }
    }
  }

  /** Records may come again after a move, but none may be left out. @returns whether there were any */
  #take(body: Buffer): boolean {
    const offsets = (JSON.parse(body.toString()) as { offset: number }[]).map(({ offset }) => offset);
    for (const offset of offsets) {
      if (offset > this.#nextOffset) this.loss = `${this.group}: offset ${offset} came in place of ${this.#nextOffset}`;
      this.#nextOffset = Math.max(this.#nextOffset, offset + 1);
    }
    return offsets.length > 0;
  }
}
