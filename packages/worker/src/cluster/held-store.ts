import {
  type Directory,
  DirectoryUnavailable,
  type HeldInstance,
  type HoldOutcome,
  type InstanceRecord,
  type Ownership,
  type StateChange,
  sameNode,
} from '@sluice/directory';
import { ApiError } from '@sluice/protocol';
import type { Journal } from '../sessions/journal.ts';
import { NotHeld } from '../sessions/not-held.ts';
import type { SessionStore } from '../sessions/session-store.ts';

/** When the instance was last used, in ms since 1970: whether it has expired, and is worth taking over unasked. */
const ACTIVE_AT = 'at';
/** That much is known of the time of the last use, and no more: it is written that seldom. */
const ACTIVITY_STEP_MS = 5000;

export interface HeldStoreOptions {
  readonly directory: Pick<Directory, 'write' | 'assert' | 'find'>;
  readonly lease: { readonly held: boolean; readonly term: number };
  readonly held: HeldInstance;
  readonly config: string;
  /** The term in which the directory was asked for it. */
  readonly term: number;
  /** What the directory holds already. */
  readonly written: Readonly<Record<string, string>>;
  /** Asks for this store to be flushed soon. */
  readonly onTouch: (store: HeldStore, journal: Journal) => void;
  /** Another node holds the instance: it is to be let go. */
  readonly onLost: (owner: Ownership | undefined) => void;
  /** Ms since 1970. */
  readonly wallClock: () => number;
}

/** What an instance begins with: should its node die before the first request for it, it has been used all the same. */
export function firstState(nowMs: number): Readonly<Record<string, string>> {
  return { [ACTIVE_AT]: String(nowMs) };
}

export function lastActiveAt(state: Readonly<Record<string, string>>): number {
  return Number(state[ACTIVE_AT] ?? 0);
}

/** What the directory knows of one instance of this node, and what is to be written there. */
export class HeldStore implements SessionStore {
  readonly held: HeldInstance;
  readonly config: string;
  /** The term of the node's lease in which the directory last said that it is held here. */
  term: number;
  readonly #options: HeldStoreOptions;
  /** What the directory holds, if every write arrives; undefined when that is not known. */
  #written: Readonly<Record<string, string>> | undefined;
  /** Writes without an answer yet. */
  #underWay = 0;
  #activeAt: number;

  constructor(options: HeldStoreOptions) {
    this.#options = options;
    this.held = options.held;
    this.config = options.config;
    this.term = options.term;
    this.#written = options.written;
    this.#activeAt = options.wallClock();
  }

  get epoch(): number {
    return this.held.epoch;
  }

  get owned(): boolean {
    const { lease } = this.#options;
    return lease.held && this.term === lease.term;
  }

  async save(journal: Journal): Promise<void> {
    // What another write holds already is not safe before that is answered, and may never be.
    if (this.#underWay > 0) this.forgetWritten();
    const change = this.takeChange(journal);
    if (change === undefined) return;
    let outcome: HoldOutcome | undefined;
    try {
      const written = this.#options.directory.write([{ held: this.held, change }]);
      [outcome] = await written.finally(() => this.answered());
      if (isForgotten(outcome)) outcome = await this.#restore(journal);
    } catch (error) {
      this.forgetWritten();
      if (!(error instanceof DirectoryUnavailable)) throw error;
      throw new ApiError('unavailable', {
        message: 'What was asked for could not be made safe, since Redis does not answer. Try again.',
        retryAfterSeconds: 1,
        cause: error,
      });
    }
    if (outcome?.outcome !== 'lost') return;
    this.#options.onLost(outcome.owner);
    throw new NotHeld(outcome.owner);
  }

  touch(journal: Journal): void {
    this.#options.onTouch(this, journal);
  }

  async assertHeld(): Promise<void> {
    const { directory, onLost } = this.#options;
    const { node, epoch } = this.held;
    let owner: Ownership | undefined;
    try {
      owner = await directory.find(this.held.name);
    } catch (error) {
      // Nobody can have taken it over by a directory that does not answer. The broker fences again whoever is wrong.
      if (error instanceof DirectoryUnavailable) return;
      throw error;
    }
    if (owner?.epoch === epoch && sameNode(owner.node, node)) return;
    // Forgotten by the directory: it is this node that restores it.
    if (owner === undefined || owner.epoch < epoch) return;
    onLost(owner);
    throw new NotHeld(owner);
  }

  /**
   * What is to be written for the directory to hold what the journal does; from now on it counts as written. Whoever takes
   * it says when the directory has answered, or not: `answered`.
   */
  takeChange(journal: Journal): StateChange | undefined {
    const { wallClock } = this.#options;
    if (wallClock() - this.#activeAt >= ACTIVITY_STEP_MS) this.#activeAt = wallClock();
    const fields = this.fields(journal);
    const before = this.#written;
    this.#written = fields;
    if (before === undefined) {
      this.#underWay += 1;
      return { replace: true, set: fields };
    }
    const set = Object.entries(fields).filter(([field, value]) => before[field] !== value);
    const remove = Object.keys(before).filter((field) => fields[field] === undefined);
    if (set.length + remove.length === 0) return undefined;
    this.#underWay += 1;
    return { set: Object.fromEntries(set), remove };
  }

  /** The write of a change that was taken is over, one way or the other. */
  answered(): void {
    this.#underWay -= 1;
  }

  fields(journal: Journal): Record<string, string> {
    return { ...journal.fields(), [ACTIVE_AT]: String(this.#activeAt) };
  }

  /** The whole, for a directory that may have forgotten it. */
  record(journal: Journal): InstanceRecord {
    return { ...this.held, config: this.config, state: this.fields(journal) };
  }

  /** A write failed, or may have: what the directory holds is not known any more. */
  forgetWritten(): void {
    this.#written = undefined;
  }

  /** What became of a write behind the answers. */
  async settle(outcome: HoldOutcome, journal: Journal): Promise<void> {
    const final = isForgotten(outcome) ? await this.#restore(journal) : outcome;
    if (final?.outcome === 'lost') this.#options.onLost(final.owner);
  }

  /** A directory that came back empty knows no holder. That is no reason to let go: this node is the one who knows. */
  async #restore(journal: Journal): Promise<HoldOutcome | undefined> {
    const [outcome] = await this.#options.directory.assert([this.record(journal)]);
    // Somebody restored it meanwhile, with a state that may be older.
    if (outcome?.outcome === 'held') this.forgetWritten();
    return outcome;
  }
}

/** Nobody holds it: forgotten, or deleted. Who asserts it is told which. */
function isForgotten(outcome: HoldOutcome | undefined): boolean {
  return outcome?.outcome === 'lost' && outcome.owner === undefined;
}
