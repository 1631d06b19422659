import { closeSync, fstatSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';

export interface LogFileOptions {
  readonly path: string;
  /** Before it would be larger, the file becomes `PATH.1` and a new one is begun. A single entry may be larger. */
  readonly maxBytes: number;
  /** With the one that is written; the oldest is removed. */
  readonly filesMax: number;
}

/**
 * A log in a file, and in its predecessors. Written synchronously, as to standard output.
 *
 * A full disk costs entries, never the server: what cannot be written is dropped, and the first time told on standard
 * error.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  #descriptor: number;
  #bytes: number;
  #failed = false;

  /** @throws when the file cannot be opened. */
  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#descriptor = openToAppend(options.path);
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  /** Takes one entry, with the end of its line. */
  write(line: string): void {
    const entry = Buffer.from(line, 'utf8');
    try {
      if (this.#bytes > 0 && this.#bytes + entry.length > this.#options.maxBytes) this.#rotate();
      for (let from = 0; from < entry.length; ) from += writeSync(this.#descriptor, entry, from);
      this.#bytes += entry.length;
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) process.stderr.write(`${this.#options.path}: ${(error as Error).message}\n`);
      this.#failed = true;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** The new file is opened before an old one is moved: a failure leaves all of them, and each entry tries again. */
  #rotate(): void {
    const next = this.#openNext();
    closeSync(this.#descriptor);
    this.#descriptor = next;
    this.#bytes = 0;
  }

  #openNext(): number {
    const { path, filesMax } = this.#options;
    if (filesMax === 1) return openSync(path, 'w', MODE);
    // The number keeps it apart from that of another server with the same log.
    const begun = `${path}.new.${process.pid}`;
    const next = openSync(begun, 'w', MODE);
    try {
      for (let age = filesMax - 1; age >= 1; age--)
        renameIfThere(age === 1 ? path : `${path}.${age - 1}`, `${path}.${age}`);
      renameSync(begun, path);
    } catch (error) {
      closeSync(next);
      unlinkSync(begun);
      throw error;
    }
    return next;
  }
}

/** Addresses of clients and names of topics are not for everybody on the machine. */
const MODE = 0o640;

function openToAppend(path: string): number {
  return openSync(path, 'a', MODE);
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
