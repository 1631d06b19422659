import { dialectOf } from '@sluice/protocol';
import {
  ConfigError,
  createLogger,
  formatListenAddress,
  Lifecycle,
  type ListenAddress,
  type LogConfig,
  LogFile,
  type Logger,
  type ManagementServer,
  Metrics,
  startManagementServer,
} from '@sluice/runtime';
import type { Configuration } from './configuration.ts';
import type { KafkaClients } from './kafka-clients.ts';
import { nodeIdentity } from './node-identity.ts';
import type { ServerContext, ServerParts } from './server-context.ts';
import { readVersion } from './version.ts';

/** A server that accepts requests. It ends by a signal, through its life cycle. */
export interface RunningServer {
  /** Where the API listens, with the ports that it got. */
  readonly addresses: readonly ListenAddress[];
  /** Where the management listener listens, if it does. */
  readonly management: ListenAddress | undefined;
  readonly lifecycle: Lifecycle;
  /** For what is done beside the API; undefined for an edge. */
  readonly kafka: KafkaClients | undefined;
}

/** What stands in the log once requests are accepted: scripts written for Confluent's proxy wait for it (contract D.4). */
const READY_LINE = 'Server started, listening for requests...';

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
  const log = openLog(config.log);
  // Edges are told at once that a worker drains; a balancer has to see it.
  const unreadyMs = config.cluster.role === 'worker' ? 0 : config.shutdownUnreadyMs;
  const lifecycle = new Lifecycle({ gracefulMs: config.shutdownGracefulMs, unreadyMs, log });
  lifecycle.install();
  try {
    return await start(configuration, lifecycle, log);
  } catch (error) {
    tellFailure(error, log);
    await lifecycle.drain('failed start');
    return process.exit(1);
  }
}

function openLog({ level, file: path, fileMaxBytes: maxBytes, filesMax }: LogConfig): Logger {
  if (path === '') return createLogger({ level });
  try {
    return createLogger({ level, destination: new LogFile({ path, maxBytes, filesMax }) });
  } catch (cause) {
    throw new ConfigError([`sluice.log.file: cannot be written: ${(cause as Error).message}`], { cause });
  }
}

async function start(configuration: Configuration, lifecycle: Lifecycle, log: Logger): Promise<RunningServer> {
  const { config } = configuration;
  const version = readVersion();
  const identity = nodeIdentity(config.id);
  announce(configuration, { version, ...identity }, log);
  const dialect = dialectOf(config.dialect);
  const context = { configuration, identity, lifecycle, log, metrics: new Metrics(), version, dialect };
  const parts = await prepare(context);
  const management = await startManagement(context, parts);
  // Last, so that readiness can be asked while everything else ends.
  lifecycle.onDrain('management', async () => {
    await management?.close();
    context.metrics.close();
  });
  const addresses = await parts.listen();
  lifecycle.ready();
  const where = {
    listeners: addresses.map(formatListenAddress),
    management: management === undefined ? null : formatListenAddress(management.address),
  };
  log.info(where, READY_LINE);
  return { addresses, management: management?.address, lifecycle, kafka: parts.kafka };
}

/** Each role loads what it needs: an edge has no Kafka client in its memory. */
async function prepare(context: ServerContext): Promise<ServerParts> {
  if (context.configuration.config.cluster.role === 'edge') {
    const { prepareEdge } = await import('./prepare-edge.ts');
    return await prepareEdge(context);
  }
  const { prepareWorker } = await import('./prepare-worker.ts');
  return await prepareWorker(context);
}

async function startManagement(
  { configuration, metrics, lifecycle, log }: ServerContext,
  { checks, routes }: ServerParts,
): Promise<ManagementServer | undefined> {
  const { listener, token } = configuration.config.management;
  if (listener === null) return undefined;
  // No check is required: a proxy that goes unready with its cluster takes the error answers away from its clients.
  return await startManagementServer({ listener, metrics, state: () => lifecycle.state, checks, routes, token, log });
}

function announce(
  { config, effective, warnings }: Configuration,
  self: { readonly version: string; readonly id: string; readonly boot: string },
  log: Logger,
): void {
  for (const warning of warnings) log.warn({}, warning);
  const threads = process.env['UV_THREADPOOL_SIZE'] ?? '4';
  const { role } = config.cluster;
  log.info({ ...self, role, node: process.version, threads, bootstrapServers: config.bootstrapServers }, 'starting');
  const shown = Object.fromEntries(effective.map(({ key, value }) => [key, value]));
  log.debug({ configuration: shown }, 'effective configuration');
}
