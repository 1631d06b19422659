import { writeFileSync } from 'node:fs';
import { type KafkaBroker, startKafka } from '../harness/kafka.ts';
import { type Goal, judge } from './goals.ts';
import { observeMachine } from './machine.ts';
import type { Outcome } from './measurement.ts';
import { type Column, figuresTable, goalsTable, machineText } from './report.ts';

/** Something to measure, as the command line asks for it. */
export interface Bench {
  readonly effort: unknown;
  readonly jsonFile: string | undefined;
  readonly columns: readonly Column[];
  readonly goals: readonly Goal[];
  /** Adds what it finds to the outcomes. */
  readonly run: (outcomes: Outcome[]) => Promise<void>;
}

/** A broker that is no bottleneck: the optimising compiler, and memory enough. */
const JVM = ['-XX:+UseSerialGC', '-Xms1g', '-Xmx1g'];

/** Tells how far it is. */
export function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

/** Starts a broker for the time of the work, unless there is one. */
export async function withBroker<Result>(
  bootstrap: string | undefined,
  work: (bootstrap: string) => Promise<Result>,
): Promise<Result> {
  if (bootstrap !== undefined) return await work(bootstrap);
  say('starting Kafka');
  const broker: KafkaBroker = await startKafka({ jvmArguments: JVM, initialRebalanceDelayMs: 0 });
  try {
    return await work(broker.bootstrap);
  } finally {
    await broker.stop();
  }
}

/** Measures, and tells what was found. */
export async function runBench({ effort, jsonFile, columns, goals, run }: Bench): Promise<void> {
  const factsSince = await observeMachine();
  const startedAt = performance.now();
  const outcomes: Outcome[] = [];
  await run(outcomes);
  const verdicts = judge(outcomes, goals);
  const machine = factsSince();
  process.stdout.write(`\n${figuresTable(outcomes, columns)}\n${goalsTable(verdicts)}\n${machineText(machine)}`);
  say(`took ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  if (jsonFile !== undefined) {
    const document = { machine, effort, outcomes, verdicts };
    writeFileSync(jsonFile, `${JSON.stringify(document, null, 2)}\n`);
  }
}
