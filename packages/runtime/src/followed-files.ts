import type { Logger } from './logger.ts';

/** What was made of some files, or what is wrong with them. */
export type Told<T> = { readonly value: T } | { readonly problems: readonly string[] };

export interface FollowedFilesOptions<T> {
  /** A text that changes when the files do; costs no more than reading them. */
  readonly look: () => string;
  readonly load: () => Told<T>;
  /** What the log says when renewed files cannot be used, and when they are. */
  readonly words: { readonly refused: string; readonly renewed: string };
  /** Goes into the log with a renewal. */
  readonly describe: (value: T) => object;
}

/** A renewed certificate lies there for hours before the old one ends. */
const RENEWAL_CHECK_MS = 30_000;

/** Something that is made of files, and anew when they have changed and can be used; else what was there before stays. */
export class FollowedFiles<T> {
  readonly #options: FollowedFilesOptions<T>;
  readonly #listeners: ((value: T) => void)[] = [];
  #current: T;
  /** What the files in use looked like. */
  #used: string;
  /** Those that could not be used, which was told. */
  #refused: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: FollowedFilesOptions<T>, used: string, value: T) {
    this.#options = options;
    this.#used = used;
    this.#current = value;
  }

  /** The files as they are now, or what is wrong with them. */
  static read<T>(options: FollowedFilesOptions<T>): Told<FollowedFiles<T>> {
    // Looked at first: what changes in between is taken up later.
    const seen = options.look();
    const told = options.load();
    return 'problems' in told ? told : { value: new FollowedFiles(options, seen, told.value) };
  }

  get current(): T {
    return this.#current;
  }

  /** Called each time that other files are used from now on. */
  onRenewed(listener: (value: T) => void): void {
    this.#listeners.push(listener);
  }

  /** Looks at the files now and then; what cannot be used is told once, and not used. */
  follow(log: Logger, { intervalMs = RENEWAL_CHECK_MS }: { readonly intervalMs?: number } = {}): void {
    this.#timer ??= setInterval(() => this.#renew(log), intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #renew(log: Logger): void {
    const { look, load, words, describe } = this.#options;
    const seen = look();
    if (seen === this.#used) return;
    const told = load();
    if ('problems' in told) {
      // Between two of several being written, for one; and what is not valid yet will be.
      if (seen !== this.#refused) log.warn({ problems: told.problems }, words.refused);
      this.#refused = seen;
      return;
    }
    this.#used = seen;
    this.#refused = undefined;
    this.#current = told.value;
    for (const listener of this.#listeners) listener(told.value);
    log.info(describe(told.value), words.renewed);
  }
}
