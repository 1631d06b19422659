import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, expect } from 'vitest';
import { eventually } from './conditions.ts';
import type { SluiceProcess } from './sluice.ts';

/** As much of a proxy as can be looked at from outside. */
type Observed = Pick<SluiceProcess, 'management' | 'pid' | 'logs'>;

/** What a proxy holds on to; a client that is gone must leave none of it behind. */
interface Footprint {
  readonly openFiles: number;
  readonly bodyBytes: number;
  readonly reads: number;
  readonly instances: number;
}

interface LogLine {
  readonly level: string;
  readonly msg: string;
}

const SETTLE_MS = 20_000;
/** A broker connection more or less, or one of the connections that ask for metrics. */
const FILES_TOLERANCE = 6;
const SERIOUS = new Set(['error', 'fatal']);

/** The value of a metric without labels. */
export async function gauge(proxy: Observed, name: string): Promise<number> {
  const metrics = await proxy.management.call('GET', '/metrics');
  const value = new RegExp(`^${name} (.*)$`, 'm').exec(metrics.text)?.[1];
  if (value === undefined) throw new Error(`no metric ${name}`);
  return Number(value);
}

/** The sum of a metric over all label sets that hold `labels`. */
export async function sumOf(proxy: Observed, name: string, ...labels: readonly string[]): Promise<number> {
  const metrics = await proxy.management.call('GET', '/metrics');
  return metrics.text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

export async function footprintOf(proxy: Observed): Promise<Footprint> {
  return {
    openFiles: (await readdir(`/proc/${proxy.pid}/fd`)).length,
    bodyBytes: await gauge(proxy, 'sluice_http_body_bytes'),
    reads: await gauge(proxy, 'sluice_consumer_reads'),
    instances: await gauge(proxy, 'sluice_consumer_instances'),
  };
}

/** Waits until the proxy holds no more than it did before. */
export async function backTo(proxy: Observed, before: Footprint): Promise<void> {
  let now: Footprint | undefined;
  const isBack = async (): Promise<boolean> => {
    now = await footprintOf(proxy);
    return (
      now.openFiles <= before.openFiles + FILES_TOLERANCE &&
      now.bodyBytes === before.bodyBytes &&
      now.reads === before.reads &&
      now.instances === before.instances
    );
  };
  await eventually(isBack, { deadlineMs: SETTLE_MS, describe: 'the proxy to let go', intervalMs: 100 }).catch(
    (cause) => {
      throw new Error(`before ${JSON.stringify(before)}, now ${JSON.stringify(now)}`, { cause });
    },
  );
}

/** What the proxy logged as an error: nothing that a client does should be one. */
export async function seriousLogLines(proxy: Observed): Promise<LogLine[]> {
  const lines = (await proxy.logs()).split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as LogLine).filter(({ level }) => SERIOUS.has(level));
}

/** After each test of the file the proxy must hold no more than before it, and have logged no error. */
export function leavesNothingBehind(proxy: Observed): void {
  let before: Footprint;
  beforeEach(async () => {
    before = await footprintOf(proxy);
  });
  afterEach(async () => {
    await backTo(proxy, before);
    expect(await seriousLogLines(proxy)).toEqual([]);
  });
}
