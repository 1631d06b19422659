import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../../harness/cluster.ts';
import { check } from './checker.ts';
import { type Bounds, type Checkpoint, type Evidence, type FaultWindow, groupBy, type Violation } from './evidence.ts';
import type { Fault, Surroundings } from './faults.ts';
import { type Loads, startLoads } from './loads.ts';

/** Positions are flushed every 200 ms; the rest is for a machine that has other things to do. */
const FLUSH_MS = 200 + 300;
/** The default of `consumer.instance.timeout.ms`. */
const EXPIRES_AFTER_MS = 300_000;
/** A poll of a second, or a wait of the lease and two seconds at an edge, and slack. */
const REQUEST_BEYOND_LEASE_MS = 4000;
const CHECKPOINT_MARGIN_MS = 200;

export interface ExperimentOptions {
  readonly surroundings: Surroundings;
  /** Injected one after the other. */
  readonly faults: readonly Fault[];
  readonly seed: number;
  /** `consumer.auto.commit.interval.ms` of the cluster. */
  readonly commitIntervalMs: number;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly evidence: Evidence;
}

async function inject(fault: Fault, surroundings: Surroundings, loads: Loads): Promise<FaultWindow> {
  const { history, bounds } = loads;
  const progressMs = fault.progressMs(surroundings.leaseMs);
  const progressAfter: Checkpoint[] = [];
  const from = history.now();
  const checkpoint = async (whom: Checkpoint['whom'] = 'all'): Promise<void> => {
    const point = { at: history.now(), whom };
    progressAfter.push(point);
    const deadlineMs = progressMs + bounds.commitIntervalMs + CHECKPOINT_MARGIN_MS;
    // Who is late is for the checker to tell, which knows the whole story.
    await loads.waitForProgress(point, deadlineMs).catch(() => {});
  };
  await fault.inject({ ...surroundings, checkpoint });
  return { name: fault.name, ...fault.allows, from, until: history.now(), progressAfter, progressMs };
}

/** All loads at once, the faults one after the other, and what the checker says of what clients saw. */
export async function runExperiment(options: ExperimentOptions): Promise<Verdict> {
  const { surroundings, seed, commitIntervalMs } = options;
  const { cluster, broker, leaseMs } = surroundings;
  const bounds: Bounds = {
    flushMs: FLUSH_MS,
    expiresAfterMs: EXPIRES_AFTER_MS,
    commitIntervalMs: 2 * commitIntervalMs + 1000,
  };
  const loads = await startLoads({
    bootstrap: broker.bootstrap,
    urls: () => cluster.urls,
    seed,
    bounds,
    requestTimeoutMs: leaseMs + REQUEST_BEYOND_LEASE_MS,
  });
  const faults: FaultWindow[] = [loads.startWindow()];
  try {
    for (const fault of options.faults) faults.push(await inject(fault, surroundings, loads));
  } catch (error) {
    await loads.abandon();
    throw error;
  }
  const evidence = { ...(await loads.finish()), faults };
  return { violations: check(evidence), evidence };
}

const SHOWN_OF_A_RULE = 4;

/** The violations for people: a few of each rule, since one fault of the cluster breaks promises by the hundred. */
export function describeViolations(violations: readonly Violation[]): string[] {
  return [...groupBy(violations, ({ rule }) => rule)].flatMap(([rule, broken]) => {
    const shown = broken.slice(0, SHOWN_OF_A_RULE).map(({ what }) => `${rule}: ${what}`);
    return broken.length > shown.length ? [...shown, `${rule}: ${broken.length - shown.length} more`] : shown;
  });
}

/** Writes down what a verdict rests on, one entry a line, and what each process has logged; returns the folder. */
export async function keepEvidence({ evidence, violations }: Verdict, cluster: Cluster): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-history-'));
  const { entries, logs, ...rest } = evidence;
  const lines = [{ violations }, rest, { logs: Object.fromEntries(logs) }, ...entries];
  await writeFile(join(directory, 'evidence.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  for (const [id, log] of await cluster.logs()) await writeFile(join(directory, `${id}.log`), log);
  return directory;
}
