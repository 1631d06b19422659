import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import { brokerServes } from './kafka-readiness.ts';

const run = promisify(execFile);
const FETCH_KAFKA = fileURLToPath(new URL('./fetch-kafka', import.meta.url));
const FETCH_TIMEOUT_MS = 600_000;
const FORMAT_TIMEOUT_MS = 60_000;
const START_DEADLINE_MS = 60_000;
const STOP_GRACE_MS = 10_000;
/** Serial collector and first-tier compiler: a test broker lives for a minute and shares two cores with the tests. */
const TEST_JVM = ['-XX:+UseSerialGC', '-Xmx512m', '-XX:TieredStopAtLevel=1'];

export interface KafkaOptions {
  /** Default false, as in the observations that the contract rests on. */
  readonly autoCreateTopics?: boolean;
  /** Default: the broker's own 3000, which is what a first read meets in production. */
  readonly initialRebalanceDelayMs?: number;
  /** Further lines of server.properties; they win over ours. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Listeners beside the plaintext one: name → security protocol. Each gets a port of its own. */
  readonly listeners?: Readonly<Record<string, 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT'>>;
  /** Further arguments of `StorageTool format`, for instance `--add-scram`. */
  readonly formatArguments?: readonly string[];
  readonly jvmArguments?: readonly string[];
  /** Where its data and log go, with what the caller has put there; removed with them. Default: a new one. */
  readonly directory?: string;
}

/** A real Apache Kafka: one process, broker and controller (KRaft), on 127.0.0.1. */
export interface KafkaBroker {
  /** `host:port` of the plaintext listener. */
  readonly bootstrap: string;
  /** `host:port` of one of the further listeners. */
  readonly address: (listener: string) => string;
  readonly pid: number;
  readonly logs: () => Promise<string>;
  /** Ends the broker and removes its data. */
  readonly stop: () => Promise<void>;
  /** SIGKILL; the data stay. */
  readonly kill: () => Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers any more. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Starts again on the same ports and data, after `kill` or while running (then with an orderly stop first). */
  readonly restart: () => Promise<void>;
}

interface Layout {
  readonly directory: string;
  readonly distribution: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly listenerPorts: Readonly<Record<string, number>>;
}

function serverProperties(layout: Layout, options: KafkaOptions): string {
  const addresses = Object.entries({ PLAINTEXT: layout.port, ...layout.listenerPorts }).map(
    ([name, port]) => `${name}://127.0.0.1:${port}`,
  );
  const protocols = Object.entries({ CONTROLLER: 'PLAINTEXT', PLAINTEXT: 'PLAINTEXT', ...options.listeners });
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${layout.controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: [...addresses, `CONTROLLER://127.0.0.1:${layout.controllerPort}`].join(','),
    'advertised.listeners': addresses.join(','),
    'listener.security.protocol.map': protocols.map((pair) => pair.join(':')).join(','),
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(layout.directory, 'data'),
    'auto.create.topics.enable': String(options.autoCreateTopics ?? false),
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // Compaction begins 15 s after it was possible by default.
    'log.cleaner.backoff.ms': '500',
    // A broker that was killed is let in again only when its old session is over: 9 s by default.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    ...options.properties,
  };
  if (options.initialRebalanceDelayMs !== undefined) {
    properties['group.initial.rebalance.delay.ms'] = String(options.initialRebalanceDelayMs);
  }
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** A directory for one broker's files. */
export async function newKafkaDirectory(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'sluice-kafka-'));
}

async function prepare(options: KafkaOptions): Promise<Layout> {
  const { stdout } = await run(FETCH_KAFKA, { timeout: FETCH_TIMEOUT_MS });
  const names = Object.keys(options.listeners ?? {});
  const [port = 0, controllerPort = 0, ...further] = await freePorts(2 + names.length);
  const directory = options.directory ?? (await newKafkaDirectory());
  return {
    directory,
    distribution: stdout.trim(),
    port,
    controllerPort,
    listenerPorts: Object.fromEntries(names.map((name, index) => [name, further[index] ?? 0])),
  };
}

function javaArguments(layout: Layout, options: KafkaOptions): string[] {
  return [
    `-Dlog4j2.configurationFile=${join(layout.distribution, 'log4j2.yaml')}`,
    ...(options.jvmArguments ?? TEST_JVM),
    '-cp',
    join(layout.distribution, 'libs', '*'),
  ];
}

async function format(layout: Layout, options: KafkaOptions): Promise<void> {
  const file = join(layout.directory, 'server.properties');
  await writeFile(file, serverProperties(layout, options));
  const clusterId = randomBytes(16).toString('base64url');
  // In one word: one id in 64 begins with a hyphen, and would be taken for an option.
  const tool = ['kafka.tools.StorageTool', 'format', `-t=${clusterId}`, '-c', file, ...(options.formatArguments ?? [])];
  await run('java', [...javaArguments(layout, options), ...tool], { timeout: FORMAT_TIMEOUT_MS });
}

async function launch(layout: Layout, options: KafkaOptions): Promise<GuardedProcess> {
  const logFile = join(layout.directory, 'kafka.log');
  const broker = await startGuarded({
    name: 'Kafka',
    command: 'java',
    commandArguments: [...javaArguments(layout, options), 'kafka.Kafka', join(layout.directory, 'server.properties')],
    logFile,
    scratchDirectory: layout.directory,
    graceMs: STOP_GRACE_MS,
  });
  const died = broker.exited.then(async (exit): Promise<never> => {
    const log = await readFile(logFile, 'utf8');
    throw new Error(`Kafka ended at start with code ${exit.code}: ${log.slice(-2000)}`);
  });
  try {
    await Promise.race([brokerServes(layout.port, START_DEADLINE_MS), died]);
  } catch (error) {
    await broker.kill();
    throw error;
  } finally {
    died.catch(() => {});
  }
  return broker;
}

/** Starts a broker and waits until it serves (about 4 s). The caller stops it. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  const layout = await prepare(options);
  const removeData = async (): Promise<void> => await rm(layout.directory, { recursive: true, force: true });
  let broker: GuardedProcess;
  try {
    await format(layout, options);
    broker = await launch(layout, options);
  } catch (error) {
    await removeData();
    throw error;
  }
  return {
    bootstrap: `127.0.0.1:${layout.port}`,
    address: (listener) => {
      const port = layout.listenerPorts[listener];
      if (port === undefined) throw new Error(`the broker has no listener ${listener}`);
      return `127.0.0.1:${port}`;
    },
    get pid() {
      return broker.pid;
    },
    logs: async () => await readFile(join(layout.directory, 'kafka.log'), 'utf8'),
    stop: async () => {
      broker.signal('SIGCONT');
      await broker.stop();
      await removeData();
    },
    kill: async () => {
      await broker.kill();
    },
    freeze: () => broker.signal('SIGSTOP'),
    thaw: () => broker.signal('SIGCONT'),
    restart: async () => {
      if (broker.isRunning()) await broker.stop();
      broker = await launch(layout, options);
    },
  };
}
