import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LineProgram } from './line-program.ts';

const FETCH_TIMEOUT_MS = 300_000;

/** What one of the scripts beside this file prints: where the things are that it has fetched, if need be. */
async function fetched(script: 'fetch-python' | 'fetch-go' | 'fetch-javascript'): Promise<string> {
  const path = fileURLToPath(new URL(`./${script}`, import.meta.url));
  const { stdout } = await promisify(execFile)(path, { timeout: FETCH_TIMEOUT_MS });
  return stdout.trim();
}

/** @param file below `test/interop/python` */
export async function startPython(file: string): Promise<LineProgram> {
  const program = fileURLToPath(new URL(`../interop/python/${file}`, import.meta.url));
  return new LineProgram(await fetched('fetch-python'), [program]);
}

/** The one in `test/interop/go`. */
export async function startGo(): Promise<LineProgram> {
  return new LineProgram(await fetched('fetch-go'), []);
}

/** One of the packages that `fetch-javascript` names, in this process. */
export async function requireOld<Module>(name: string): Promise<Module> {
  return createRequire(`${await fetched('fetch-javascript')}/`)(name) as Module;
}
