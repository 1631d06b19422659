import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from './conditions.ts';
import { freePorts } from './free-ports.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';

const run = promisify(execFile);
const FETCH_REGISTRY = fileURLToPath(new URL('./fetch-registry', import.meta.url));
const FETCH_TIMEOUT_MS = 600_000;
const START_DEADLINE_MS = 120_000;
const CALL_TIMEOUT_MS = 5000;
const STOP_GRACE_MS = 5000;
/** Confluent's API does not stand at the root: a registry's URL with a path has to work. */
const API_PATH = '/apis/ccompat/v7';
/** As a test broker: it lives for a minute and shares two cores with the tests. */
const TEST_JVM = ['-XX:+UseSerialGC', '-Xmx192m', '-XX:TieredStopAtLevel=1'];

/** A real schema registry with Confluent's API: Apicurio, in memory, on 127.0.0.1. */
export interface Registry {
  readonly url: string;
  readonly logs: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

async function runnerJar(): Promise<string> {
  const { stdout } = await run(FETCH_REGISTRY, { timeout: FETCH_TIMEOUT_MS });
  const directory = join(stdout.trim(), 'app');
  const jar = (await readdir(directory)).find((name) => name.endsWith('-runner.jar'));
  if (jar === undefined) throw new Error(`${directory} holds no runner`);
  return join(directory, jar);
}

function environment(port: number, managementPort: number): Record<string, string> {
  return {
    QUARKUS_HTTP_HOST: '127.0.0.1',
    QUARKUS_HTTP_PORT: String(port),
    QUARKUS_HTTP_ACCESS_LOG_ENABLED: 'false',
    QUARKUS_MANAGEMENT_HOST: '127.0.0.1',
    QUARKUS_MANAGEMENT_PORT: String(managementPort),
    // One schema with other white space has one id, as with Confluent's.
    REGISTRY_CCOMPAT_USE_CANONICAL_HASH: 'true',
  };
}

/** Rejects until the registry answers. Confluent's default compatibility is BACKWARD; Apicurio has none. */
async function becomeConfluent(url: string): Promise<boolean> {
  const response = await fetch(`${url}/config`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: '{"compatibility":"BACKWARD"}',
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  await response.arrayBuffer();
  return response.ok;
}

async function ready(server: GuardedProcess, url: string): Promise<void> {
  await eventually(async () => !server.isRunning() || (await becomeConfluent(url)), {
    deadlineMs: START_DEADLINE_MS,
    describe: 'the schema registry to answer',
    intervalMs: 100,
  });
  if (!server.isRunning()) throw new Error('the schema registry ended at start');
}

/** Starts a registry and waits until it answers (about 10 s). The caller stops it. */
export async function startRegistry(): Promise<Registry> {
  const jar = await runnerJar();
  const [port = 0, managementPort = 0] = await freePorts(2);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-registry-'));
  const logFile = join(directory, 'registry.log');
  const url = `http://127.0.0.1:${port}${API_PATH}`;
  const logs = async (): Promise<string> => await readFile(logFile, 'utf8');
  const server = await startGuarded({
    name: 'the schema registry',
    command: 'java',
    commandArguments: [...TEST_JVM, '-jar', jar],
    environment: environment(port, managementPort),
    logFile,
    scratchDirectory: directory,
    graceMs: STOP_GRACE_MS,
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await ready(server, url);
  } catch (cause) {
    const log = await logs();
    await stop();
    throw new Error(`no schema registry: ${log.slice(-2000)}`, { cause });
  }
  return { url, logs, stop };
}
