import { startPython } from './interop-programs.ts';
import type { LineProgram } from './line-program.ts';

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

/** Confluent's Python serializers. */
export class PythonSerdes {
  readonly #program: LineProgram;

  private constructor(program: LineProgram) {
    this.#program = program;
  }

  static async start(): Promise<PythonSerdes> {
    return new PythonSerdes(await startPython('serdes.py'));
  }

  /** One job at a time. @throws Error with what Python says */
  async do(job: PythonJob): Promise<PythonAnswer> {
    return await this.#program.do(job);
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }
}
