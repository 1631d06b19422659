import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { machineCpuSeconds, ownCpuSeconds } from './process-cost.ts';

const OBSERVE_MS = 1000;
/** Of all cores: beyond it somebody else's work shows in the figures. */
const FOREIGN_SHARE_MAX = 0.05;
const GIB = 1024 ** 3;

export interface MachineFacts {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  /** Load average of the last minute before anything was started. */
  readonly loadBefore: number;
  /** Part of all cores that was busy in the second before the start. */
  readonly busyShareBefore: number;
  /** Part of all cores that processes which are none of ours took during the run. */
  readonly foreignShare: number;
}

interface Reading {
  readonly atMs: number;
  readonly machine: number;
  readonly own: number;
}

const read = (): Reading => ({ atMs: performance.now(), machine: machineCpuSeconds(), own: ownCpuSeconds() });

function foreignShare(from: Reading, to: Reading): number {
  const foreign = to.machine - from.machine - (to.own - from.own);
  const available = ((to.atMs - from.atMs) / 1000) * availableParallelism();
  return Math.max(0, foreign / available);
}

/**
 * Looks at the machine for a second; the function that is returned tells about the time since then. It must be
 * called when all processes of the run have ended: the kernel counts their time as ours from then on.
 */
export async function observeMachine(): Promise<() => MachineFacts> {
  const loadBefore = Number(readFileSync('/proc/loadavg', 'utf8').split(' ', 1)[0]);
  const before = read();
  await delay(OBSERVE_MS);
  const start = read();
  return () => ({
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGib: totalmem() / GIB,
    kernel: release(),
    node: process.version,
    loadBefore,
    busyShareBefore: foreignShare(before, start),
    foreignShare: foreignShare(start, read()),
  });
}

/** Why the figures of a run on this machine are not to be trusted; empty when it was idle. */
export function doubts(facts: MachineFacts): string[] {
  const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
  const found: string[] = [];
  if (facts.loadBefore > 0.5) found.push(`the load average was ${facts.loadBefore} before the start`);
  if (facts.busyShareBefore > FOREIGN_SHARE_MAX) {
    found.push(`${percent(facts.busyShareBefore)} of the cores were busy before the start`);
  }
  if (facts.foreignShare > FOREIGN_SHARE_MAX) {
    found.push(`${percent(facts.foreignShare)} of the cores went to processes outside the bench during the run`);
  }
  return found;
}
