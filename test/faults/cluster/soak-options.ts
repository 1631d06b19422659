import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
}

export const usage = `usage: scripts/soak [--minutes N] [--seed S]

  --minutes  how long faults are injected (10); the last round is finished
  --seed     which faults, when, and which of the loads' choices; default: any, which is printed
`;

const MINUTES = 10;
const SEEDS = 2 ** 31;

/** The command line asks for something that there is not. */
export class UsageError extends Error {}

function positive(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${name} ${text}: a number above 0 is needed`);
  return value;
}

/** @throws UsageError for an argument that means nothing */
export function parseSoakOptions(commandLine: readonly string[]): SoakOptions {
  const values = parse(commandLine);
  const seed = positive('seed', values.seed, randomInt(1, SEEDS));
  if (!Number.isInteger(seed)) throw new UsageError(`--seed ${seed}: an integer is needed`);
  return { minutes: positive('minutes', values.minutes, MINUTES), seed };
}

function parse(commandLine: readonly string[]): { readonly minutes?: string; readonly seed?: string } {
  try {
    const options = { minutes: { type: 'string' }, seed: { type: 'string' } } as const;
    return parseArgs({ args: [...commandLine], options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
