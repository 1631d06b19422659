import { missingLibraryFeatures, servicePrincipal } from '@sluice/kafka';
import {
  createLogger,
  formatListenAddress,
  Lifecycle,
  type ListenAddress,
  type Logger,
  type ManagementServer,
  Metrics,
  startManagementServer,
} from '@sluice/runtime';
import { createWorker } from '@sluice/worker';
import type { Configuration } from './configuration.ts';
import { createKafkaClients, type KafkaClients } from './kafka-clients.ts';
import { KafkaHealth } from './kafka-health.ts';
import { readVersion } from './version.ts';

/** A server that accepts requests. It ends by a signal, through its life cycle. */
export interface RunningServer {
  /** Where the API listens, with the ports that it got. */
  readonly addresses: readonly ListenAddress[];
  /** Where the management listener listens, if it does. */
  readonly management: ListenAddress | undefined;
  readonly lifecycle: Lifecycle;
  /** For what is done beside the API. */
  readonly kafka: KafkaClients;
}

/** What stands in the log once requests are accepted: scripts written for Confluent's proxy wait for it (contract D.4). */
const READY_LINE = 'Server started, listening for requests...';
const HEALTH_INTERVAL_MS = 10_000;

/** Says why the server could not be started, before what was started is ended. */
export type FailedStart = (error: unknown, log: Logger) => void;

export const logFailedStart: FailedStart = (error, log) => log.fatal({ error }, 'the server cannot be started');

/**
 * Starts a server and takes over the signals of the process. When it cannot be started the reason is told, what was
 * started is ended, and the process exits with 1.
 */
export async function runServer(
  configuration: Configuration,
  tellFailure: FailedStart = logFailedStart,
): Promise<RunningServer> {
  const { config } = configuration;
  const log = createLogger({ level: config.log.level });
  const lifecycle = new Lifecycle({ gracefulMs: config.shutdownGracefulMs, log });
  lifecycle.install();
  try {
    return await start(configuration, lifecycle, log);
  } catch (error) {
    tellFailure(error, log);
    await lifecycle.drain('failed start');
    return process.exit(1);
  }
}

async function start(configuration: Configuration, lifecycle: Lifecycle, log: Logger): Promise<RunningServer> {
  const { config } = configuration;
  const version = readVersion();
  announce(configuration, version, log);
  const metrics = new Metrics();
  const kafka = createKafkaClients(configuration, metrics, log);
  const health = new KafkaHealth({
    ask: async () => await kafka.admins.of(servicePrincipal).brokers(),
    intervalMs: HEALTH_INTERVAL_MS,
    onChange: (ok, detail) => {
      if (ok) log.info({ detail }, 'Kafka answers');
      else log.warn({ detail }, 'Kafka does not answer');
    },
  });
  const worker = createWorker({
    config,
    logger: log,
    metrics,
    ...kafka,
    principalOf: () => servicePrincipal,
    version,
  });
  lifecycle.onDrain('api', async (budgetMs) => {
    health.stop();
    await worker.drain(budgetMs);
  });
  // Before the connections: what no broker answers any more is answered here.
  lifecycle.onDrain('producers', async (budgetMs) => {
    await kafka.producers.close(budgetMs);
  });
  lifecycle.onDrain('connections', async (budgetMs) => {
    await worker.close(budgetMs);
  });
  lifecycle.onDrain('admin', async () => {
    await kafka.admins.close();
  });
  const management = await startManagement(configuration, { metrics, lifecycle, log, kafka: health });
  // Last, so that readiness can be asked while everything else ends.
  lifecycle.onDrain('management', async () => {
    await management?.close();
    metrics.close();
  });
  const addresses = await worker.listen();
  health.start();
  lifecycle.ready();
  const where = {
    listeners: addresses.map(formatListenAddress),
    management: management === undefined ? null : formatListenAddress(management.address),
  };
  log.info(where, READY_LINE);
  return { addresses, management: management?.address, lifecycle, kafka };
}

async function startManagement(
  { config }: Configuration,
  parts: {
    readonly metrics: Metrics;
    readonly lifecycle: Lifecycle;
    readonly log: Logger;
    readonly kafka: KafkaHealth;
  },
): Promise<ManagementServer | undefined> {
  if (config.management.listener === null) return undefined;
  return await startManagementServer({
    listener: config.management.listener,
    metrics: parts.metrics,
    state: () => parts.lifecycle.state,
    // Not required: a proxy that goes unready with its cluster takes the error answers away from its clients.
    checks: [{ name: 'kafka', required: false, probe: parts.kafka.probe }],
    log: parts.log,
  });
}

function announce({ config, effective, warnings }: Configuration, version: string, log: Logger): void {
  const missing = missingLibraryFeatures();
  if (missing.length > 0) {
    throw new Error(
      `librdkafka was compiled without ${missing.join(', ')}: install its libraries and rebuild node-rdkafka`,
    );
  }
  for (const warning of warnings) log.warn({}, warning);
  const threads = process.env['UV_THREADPOOL_SIZE'] ?? '4';
  log.info({ version, node: process.version, threads, bootstrapServers: config.bootstrapServers }, 'starting');
  const shown = Object.fromEntries(effective.map(({ key, value }) => [key, value]));
  log.debug({ configuration: shown }, 'effective configuration');
}
