import { writeFileSync } from 'node:fs';

/**
 * Runs one program of the bench: its parameters are the first argument, as JSON; what it found goes to the file
 * that the second one names. Output cannot be used for it: librdkafka writes there as well.
 */
export async function runAsProgram(work: (parameters: never) => Promise<unknown>): Promise<void> {
  const [, , parameters, resultFile] = process.argv;
  if (parameters === undefined || resultFile === undefined) throw new Error('usage: PARAMETERS RESULT_FILE');
  const result = await work(JSON.parse(parameters) as never);
  writeFileSync(resultFile, JSON.stringify(result));
  // Native clients that are still closing must not keep the bench waiting.
  process.exit(0);
}

/** Seconds of CPU time that this process, all of its threads included, has taken since the reading given. */
export function cpuSecondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000_000;
}
