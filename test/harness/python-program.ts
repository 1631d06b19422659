import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const FETCH_PYTHON = fileURLToPath(new URL('./fetch-python', import.meta.url));
const FETCH_TIMEOUT_MS = 300_000;
const ANSWER_TIMEOUT_MS = 90_000;

/**
 * A program in Python that takes one job a line and answers one line each, in a process of its own. Ends with the test run
 * at the latest: its stdin is closed then.
 */
export class PythonProgram {
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

  /** @param file below `test/interop/python` */
  static async start(file: string): Promise<PythonProgram> {
    const { stdout } = await run(FETCH_PYTHON, { timeout: FETCH_TIMEOUT_MS });
    const program = fileURLToPath(new URL(`../interop/python/${file}`, import.meta.url));
    return new PythonProgram(spawn(stdout.trim(), [program]));
  }

  /** One job at a time. @throws Error with what Python says */
  async do<Answer>(job: object): Promise<Answer> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    this.#child.stdin.write(`${JSON.stringify(job)}\n`);
    const [line] = (await once(this.#lines, 'line', { signal })) as [string];
    const answer = JSON.parse(line) as Answer & { readonly error?: string };
    if (answer.error !== undefined) throw new Error(`${answer.error}\n${this.#errors}`);
    return answer;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin.end();
    await exited;
  }
}
