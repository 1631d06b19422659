import { inject } from 'vitest';

/** Long enough for a registry's start on a busy machine, and for its download. */
const START_TIMEOUT_MS = 180_000;

/**
 * The schema registry that all tests of this run share; the first call starts it (about 10 s). Ask for it in `beforeAll`
 * with a timeout of its own. Subjects must be unique (`uniqueName`), for it is never emptied; one schema has one id
 * whatever its subject.
 * `SLUICE_TEST_REGISTRY=http://host:port/path` names one that runs already.
 */
export async function sharedRegistry(): Promise<{ readonly url: string }> {
  const running = process.env['SLUICE_TEST_REGISTRY'];
  if (running !== undefined && running !== '') return { url: running };
  const signal = AbortSignal.timeout(START_TIMEOUT_MS);
  const response = await fetch(`${inject('brokerDesk')}/registry`, { signal });
  if (!response.ok) throw new Error(`no schema registry: ${await response.text()}`);
  return (await response.json()) as { url: string };
}
