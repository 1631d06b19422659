import type { IncomingMessage, ServerResponse } from 'node:http';
import { missingLibraryFeatures, servicePrincipal } from '@sluice/kafka';
import { ApiError, type Attempt, errorBody, formatPeerOwner, peerHeaders } from '@sluice/protocol';
import { type ListenAddress, type PeerServer, type PeerTls, startPeerServer } from '@sluice/runtime';
import { createWorker, type Declined, type Worker } from '@sluice/worker';
import { createApiListeners } from './api-listeners.ts';
import { type ClusterParts, clusterParts } from './cluster-parts.ts';
import { clusterRoutes } from './cluster-routes.ts';
import { createEdge } from './create-edge.ts';
import { createKafkaClients, type KafkaClients } from './kafka-clients.ts';
import { KafkaHealth } from './kafka-health.ts';
import type { SchemaRegistry } from './schema-registry.ts';
import type { ServerContext, ServerParts } from './server-context.ts';

const HEALTH_INTERVAL_MS = 10_000;
/** A hand-over that an operator asks for has no process waiting for its end. */
const HAND_OVER_MS = 60_000;
const FULL_RETRY_S = 10;
/** Of the time for requests under way when the process ends: for the registry. */
const REGISTRY_SHARE = 0.2;

/** Puts together the roles that serve: `worker`, and `node`, which is a worker behind an edge of its own. */
export async function prepareWorker(context: ServerContext): Promise<ServerParts> {
  const { configuration, lifecycle, log, metrics, identity, version, dialect } = context;
  const { config } = configuration;
  assertLibraryFeatures();
  // What is awaited comes first: behind it there is no moment in which something runs that nobody would end.
  const registry = await schemaRegistry(context);
  const cluster = await clusterParts(config, log, (nodes) => worker.see(nodes));
  const kafka = createKafkaClients(configuration, metrics, log);
  const health = kafkaHealth(context, async () => await kafka.admins.of(servicePrincipal).brokers());
  let internal: PeerServer | undefined;
  const worker = createWorker({
    config,
    logger: log,
    metrics,
    ...kafka,
    principalOf: () => servicePrincipal,
    schemas: registry?.schemas,
    directory: cluster.directory,
    identity,
    cluster: cluster.shared
      ? {
          nodes: cluster.nodes,
          call: (node, name, body, options) => cluster.peers.call(node, name, body, options),
          address: () => internal?.announcedAddress ?? '',
          build: version,
          onReplaced: () =>
            void lifecycle.drain('replaced by another process of the same id').finally(() => process.exit(1)),
        }
      : undefined,
    version,
    dialect,
  });
  const front = config.cluster.role === 'node' ? frontOf(context, cluster, worker) : undefined;
  endInOrder(context, { kafka, registry, health, cluster, worker, front, internal: () => internal });
  const handOver = (): void => {
    log.info({}, 'An operator has this node hand over its instances.');
    void worker.handOver(HAND_OVER_MS);
  };
  return {
    kafka,
    routes: cluster.shared ? clusterRoutes({ directory: cluster.directory, drain: handOver }) : new Map(),
    checks: [{ name: 'kafka', required: false, probe: health.probe }],
    listen: async () => {
      if (cluster.shared) internal = await listenToPeers(context, worker, handOver, cluster.tls);
      await Promise.all([cluster.start(), worker.start(), cluster.shared ? front?.edge.start() : undefined]);
      const addresses = (await front?.listeners.listen()) ?? [];
      health.start();
      return addresses;
    },
  };
}

interface Ending {
  readonly kafka: KafkaClients;
  readonly registry: SchemaRegistry | undefined;
  readonly health: KafkaHealth;
  readonly cluster: ClusterParts;
  readonly worker: Worker;
  readonly front: ReturnType<typeof frontOf> | undefined;
  /** Undefined until it listens. */
  readonly internal: () => PeerServer | undefined;
}

/** What a process that ends does, step by step. */
function endInOrder(
  { configuration: { config }, lifecycle }: ServerContext,
  { kafka, registry, health, cluster, worker, front, internal }: Ending,
): void {
  lifecycle.onUnready(() => front?.edge.retire());
  if (cluster.shared) {
    const { handOverTimeoutMs } = config.cluster;
    lifecycle.onDrain('hand-over', async (budgetMs) => await worker.handOver(budgetMs), handOverTimeoutMs);
  }
  lifecycle.countCallsLeft(() => kafka.blockingCalls.stats().inUse);
  lifecycle.onDrain('api', async (budgetMs) => {
    health.stop();
    front?.edge.answerPolls();
    // Requests that wait for a registry still get their answer: longer than this it cannot take.
    setTimeout(() => void registry?.close(), budgetMs * REGISTRY_SHARE).unref();
    await worker.drain(budgetMs, () => front?.listeners.stopListening() ?? Promise.resolve());
    front?.edge.drain();
  });
  // Before the connections: what no broker answers any more is answered here.
  lifecycle.onDrain('producers', async (budgetMs) => {
    await kafka.producers.close(budgetMs);
  });
  lifecycle.onDrain('connections', async (budgetMs) => {
    await Promise.all([front?.listeners.close(budgetMs), internal()?.close(budgetMs)]);
  });
  lifecycle.onDrain('admin', async () => {
    await Promise.all([kafka.admins.close(), kafka.logReaders.close()]);
    await registry?.close();
    await front?.edge.close();
    await cluster.close();
  });
}

/** @throws Error for a librdkafka that cannot do what is promised of it */
function assertLibraryFeatures(): void {
  const missing = missingLibraryFeatures();
  if (missing.length === 0) return;
  throw new Error(
    `librdkafka was compiled without ${missing.join(', ')}: install its libraries and rebuild node-rdkafka`,
  );
}

/** Without one, the codecs and the client of a registry take no memory: they are a fifth of what lives in it. */
async function schemaRegistry({ configuration, metrics }: ServerContext): Promise<SchemaRegistry | undefined> {
  if (configuration.config.registry.urls.length === 0) return undefined;
  const { createSchemaRegistry } = await import('./schema-registry.ts');
  return createSchemaRegistry(configuration, metrics);
}

function kafkaHealth({ log }: ServerContext, ask: () => Promise<readonly number[]>): KafkaHealth {
  return new KafkaHealth({
    ask,
    intervalMs: HEALTH_INTERVAL_MS,
    onChange: (ok, detail) => {
      if (ok) log.info({ detail }, 'Kafka answers');
      else log.warn({ detail }, 'Kafka does not answer');
    },
  });
}

/** The public side of a node. */
function frontOf(context: ServerContext, cluster: ClusterParts, worker: Worker) {
  const edge = createEdge(context, cluster, {
    identity: context.identity,
    epochOf: (name) => worker.epochOf(name),
    serve: async (req, res, attempt) => {
      const declined = await worker.serve(req, res, attempt);
      if (declined === undefined) return { type: 'answered' };
      const { owner, moving, full } = declined.reason;
      return { type: 'declined', owner, busy: moving, full, body: declined.body };
    },
  });
  const listeners = createApiListeners(context, (req, res) => edge.serve(req, res));
  return { edge, listeners };
}

async function listenToPeers(
  context: ServerContext,
  worker: Worker,
  handOver: () => void,
  tls: PeerTls | undefined,
): Promise<PeerServer> {
  const { configuration, identity, metrics, log } = context;
  const { cluster, http, listeners } = configuration.config;
  const [first] = listeners;
  const listener: ListenAddress = cluster.internalListener ?? {
    scheme: 'http',
    host: first?.host ?? '0.0.0.0',
    port: 0,
  };
  return await startPeerServer({
    listener,
    advertisedHost: cluster.internalHost,
    advertisedPort: cluster.internalPort,
    secret: cluster.secret,
    tls,
    identity,
    limits: http,
    serve: (req, res, attempt) => servePeer(worker, { req, res }, attempt),
    calls: worker.calls(handOver),
    metrics,
    log,
  });
}

async function servePeer(
  worker: Worker,
  { req, res }: { readonly req: IncomingMessage; readonly res: ServerResponse },
  attempt: Attempt,
): Promise<void> {
  const declined = await worker.serve(req, res, { ...attempt, isForwarded: true });
  if (declined !== undefined) decline(res, declined);
}

function declinedAs({ full, moving }: Declined['reason']): ApiError {
  if (full) return new ApiError('tooManyRequests', { retryAfterSeconds: FULL_RETRY_S });
  return new ApiError(moving ? 'unavailable' : 'misdirected');
}

/** Tells the node that asked that nothing was done here, and who may do it. */
function decline(res: ServerResponse, { reason }: Declined): void {
  const { owner } = reason;
  const error = declinedAs(reason);
  const body = errorBody(error);
  res
    .writeHead(error.status, {
      [peerHeaders.notAccepted]: '1',
      ...(owner === undefined ? {} : { [peerHeaders.owner]: formatPeerOwner(owner) }),
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    })
    .end(body);
}
