import { inject } from 'vitest';
import type { SecureKafkaDescription } from './secure-kafka.ts';

/** Long enough for a broker's start on a busy machine; the jars were fetched before the run. */
const START_TIMEOUT_MS = 90_000;

async function ask(path: string): Promise<unknown> {
  const response = await fetch(inject('brokerDesk') + path, { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`no broker at ${path}: ${await response.text()}`);
  return await response.json();
}

/**
 * The broker that all tests of this run share; the first call starts it. Ask for it in `beforeAll` with a timeout
 * of its own. Names of topics and groups must be unique (`uniqueName`), for it is never emptied.
 * `SLUICE_TEST_KAFKA=host:port` names one that runs already: for the tenth run of one test in a row.
 */
export async function sharedBroker(): Promise<{ readonly bootstrap: string }> {
  const running = process.env['SLUICE_TEST_KAFKA'];
  if (running !== undefined && running !== '') return { bootstrap: running };
  return (await ask('/plain')) as { bootstrap: string };
}

/** The same for the broker that demands SASL or a client certificate. */
export async function sharedSecureBroker(): Promise<SecureKafkaDescription> {
  return (await ask('/secure')) as SecureKafkaDescription;
}
