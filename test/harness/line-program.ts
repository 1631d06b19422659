import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

const ANSWER_TIMEOUT_MS = 90_000;

/**
 * A program in another language that takes one job a line and answers one line each, in a process of its own. Ends with the
 * test run at the latest: its stdin is closed then.
 */
export class LineProgram {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  #errors = '';

  constructor(command: string, commandArguments: readonly string[]) {
    this.#child = spawn(command, commandArguments);
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-4000);
    });
  }

  /** One job at a time. @throws Error with what the program says */
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
