import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const FETCH_PYTHON = fileURLToPath(new URL('./fetch-python', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../interop/python/serdes.py', import.meta.url));
const FETCH_TIMEOUT_MS = 300_000;
const ANSWER_TIMEOUT_MS = 90_000;

/** What Python is to do; see `serdes.py`. */
export interface PythonJob {
  readonly op: 'write' | 'read';
  readonly bootstrap: string;
  readonly registry: string;
  readonly topic: string;
  readonly format: string;
  readonly schema: string;
  readonly message?: string | undefined;
  readonly values?: readonly unknown[];
  readonly count?: number;
}

export interface PythonAnswer {
  /** Base64. */
  readonly bytes: readonly string[];
  readonly values?: readonly unknown[];
}

/** Confluent's Python serializers in a process of their own. Ends with the test run at the latest: its stdin is closed then. */
export class PythonSerdes {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  #errors = '';

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-4000);
    });
  }

  static async start(): Promise<PythonSerdes> {
    const { stdout } = await run(FETCH_PYTHON, { timeout: FETCH_TIMEOUT_MS });
    return new PythonSerdes(spawn(stdout.trim(), [PROGRAM]));
  }

  /** One job at a time. @throws Error with what Python says */
  async do(job: PythonJob): Promise<PythonAnswer> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    this.#child.stdin.write(`${JSON.stringify(job)}\n`);
    const [line] = (await once(this.#lines, 'line', { signal })) as [string];
    const answer = JSON.parse(line) as PythonAnswer & { readonly error?: string };
    if (answer.error !== undefined) throw new Error(`${answer.error}\n${this.#errors}`);
    return answer;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin.end();
    await exited;
  }
}
