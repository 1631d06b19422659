import { parseArgs } from 'node:util';
import type { Effort, Target } from './scenarios/bench-run.ts';

export interface BenchOptions {
  /** Names of scenarios; undefined for all. */
  readonly scenarios: readonly string[] | undefined;
  readonly effort: Effort;
  readonly jsonFile: string | undefined;
  readonly rivals: readonly Target[];
  /** A broker that runs already, in place of one of our own. */
  readonly bootstrap: string | undefined;
}

export const usage = `usage: scripts/bench [--scenario NAME,...] [--repeat N] [--seconds S] [--quick] [--json FILE]
                     [--bootstrap HOST:PORT --url NAME=URL ... [--pid NAME=PID ...]]

  --scenario   produce-single, produce-batch-binary, produce-batch-json, consume-binary, consume-json,
               produce-batch-avro, consume-avro, consume-v1, wakeup, polls-200, idle-1000; default: all
  --repeat     rounds, of which the median counts (3)
  --seconds    of load in each produce run (5)
  --quick      one round of two seconds, and less of everything else: for a first look
  --json       where all figures go
  --url        another v2 proxy that takes part in all scenarios but idle-1000 and those of Avro
  --pid        its process, for CPU and memory
  --bootstrap  the broker to use; needed with --url, for all must use the same one

scripts/bench cluster measures a cluster; it has a --help of its own.
`;

const FULL: Effort = { rounds: 3, seconds: 5, wakeUpSamples: 60, idleSeconds: 30 };
const QUICK: Effort = { rounds: 1, seconds: 2, wakeUpSamples: 20, idleSeconds: 10 };

/** The command line asks for something that there is not. */
export class UsageError extends Error {}

export function positiveInteger(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`--${name} ${text}: a number from 1 up is needed`);
  return value;
}

function pairs(name: string, texts: readonly string[]): Map<string, string> {
  return new Map(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new UsageError(`--${name} ${text}: NAME=VALUE is needed`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function rivalsOf(urls: readonly string[], pids: readonly string[]): Target[] {
  const pidOf = pairs('pid', pids);
  const rivals = [...pairs('url', urls)].map(([name, url]): Target => {
    if (!URL.canParse(url)) throw new UsageError(`--url ${name}=${url}: not a URL`);
    const pid = pidOf.get(name);
    pidOf.delete(name);
    return { name, url: url.replace(/\/+$/, ''), pid: pid === undefined ? undefined : positiveInteger('pid', pid, 0) };
  });
  for (const name of pidOf.keys()) throw new UsageError(`--pid ${name}: there is no --url of that name`);
  return rivals;
}

function parse(commandLine: readonly string[]) {
  try {
    return parseArgs({
      args: [...commandLine],
      options: {
        scenario: { type: 'string', multiple: true },
        repeat: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        url: { type: 'string', multiple: true, default: [] },
        pid: { type: 'string', multiple: true, default: [] },
        bootstrap: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @throws UsageError for a scenario that there is not */
export function scenarioNames(
  texts: readonly string[] | undefined,
  known: readonly string[],
): readonly string[] | undefined {
  const names = texts?.flatMap((text) => text.split(','));
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`--scenario ${unknown}: there is ${known.join(', ')}`);
  return names;
}

/** @throws UsageError for an argument that means nothing */
export function parseOptions(commandLine: readonly string[], known: readonly string[]): BenchOptions {
  const values = parse(commandLine);
  const scenarios = scenarioNames(values.scenario, known);
  const rivals = rivalsOf(values.url, values.pid);
  if (rivals.length > 0 && values.bootstrap === undefined) {
    throw new UsageError('--url needs --bootstrap: the other proxy must write to the broker that is counted on');
  }
  const effort = values.quick ? QUICK : FULL;
  return {
    scenarios,
    effort: {
      ...effort,
      rounds: positiveInteger('repeat', values.repeat, effort.rounds),
      seconds: positiveInteger('seconds', values.seconds, effort.seconds),
    },
    jsonFile: values.json,
    rivals,
    bootstrap: values.bootstrap,
  };
}
