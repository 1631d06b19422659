import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { DosFilterConfig } from '../config.ts';
import { addHeaders } from './extra-headers.ts';
import { networksOf } from './networks.ts';
import { onceOver } from './once-over.ts';
import { RequestRates } from './request-rates.ts';
import type { Waits } from './waits.ts';

/** The longest delay of a timer. */
const TIMER_MAX_MS = 2_147_483_647;

type Outcome = 'served' | 'refused';

/** A request beyond a rate. */
interface Excess {
  readonly res: ServerResponse;
  /** What its answer says about that. */
  readonly said: Map<string, readonly [name: string, value: string]>;
  readonly go: (outcome: Outcome) => void;
}

/**
 * Slows down who asks too much (contract D.3, `dos.filter.*`): beyond a rate a request waits, and is then served beside few
 * others of its kind, or refused. Clients are told apart by the address of their connection, for headers are theirs to choose.
 */
export class DosFilter {
  readonly #config: DosFilterConfig;
  readonly #waits: Waits;
  readonly #now: () => number;
  readonly #rates = new RequestRates();
  readonly #exempt: ReturnType<typeof networksOf>;
  /** Those that wait for a place; they tell whether they took it. */
  readonly #queue = new Set<() => boolean>();
  #places: number;

  constructor(config: DosFilterConfig, { waits, now }: { readonly waits: Waits; readonly now: () => number }) {
    this.#config = config;
    this.#waits = waits;
    this.#now = now;
    this.#exempt = networksOf(config.ipWhitelist);
    this.#places = config.throttledRequests;
  }

  /** Calls back once: now, or after a wait, and never for a client that has gone. */
  admit(req: IncomingMessage, res: ServerResponse, go: Excess['go']): void {
    const address = req.socket.remoteAddress ?? '';
    if (this.#exempt?.check(address, isIPv6(address) ? 'ipv6' : 'ipv4') === true) return go('served');
    const { ofAll, ofClient } = this.#rates.count(address, this.#now());
    const { maxRequestsPerSec, maxRequestsPerClientPerSec, delayMs, insertHeaders } = this.#config;
    if (ofAll <= maxRequestsPerSec && ofClient <= maxRequestsPerClientPerSec) return go('served');
    const excess: Excess = { res, said: new Map(), go };
    if (insertHeaders) addHeaders(res, { set: excess.said, add: [] });
    if (delayMs < 0) return refuse(excess);
    if (delayMs === 0) return this.#throttle(excess);
    say(excess, 'delayed');
    if (this.#waits.begin(res, delayMs, () => this.#throttle(excess)) === undefined) refuse(excess);
  }

  /** Takes one of the few places, or waits for one. */
  #throttle(excess: Excess): void {
    if (this.#places > 0) return this.#serve(excess);
    const waitMs = Math.min(this.#config.maxWaitMs + this.#config.throttleMs, TIMER_MAX_MS);
    say(excess, 'throttled');
    const turn = (): boolean => {
      stop?.();
      this.#queue.delete(turn);
      // It may have come on the connection whose end has freed the place.
      if (excess.res.req.socket.destroyed) return false;
      this.#serve(excess);
      return true;
    };
    const stop = this.#waits.begin(excess.res, waitMs, () => {
      this.#queue.delete(turn);
      refuse(excess);
    });
    if (stop === undefined) return refuse(excess);
    this.#queue.add(turn);
    onceOver(excess.res, () => this.#queue.delete(turn));
  }

  #serve({ res, go }: Excess): void {
    this.#places -= 1;
    onceOver(res, () => {
      this.#places += 1;
      for (const turn of this.#queue) if (turn()) return;
    });
    go('served');
  }
}

function refuse(excess: Excess): void {
  say(excess, 'unavailable');
  excess.go('refused');
}

function say({ said }: Excess, what: 'delayed' | 'throttled' | 'unavailable'): void {
  said.set('dosfilter', ['DoSFilter', what]);
}
