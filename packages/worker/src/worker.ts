import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AdminPool, BlockingCalls, Principal, ProducerPool } from '@sluice/kafka';
import { openApiDocument } from '@sluice/protocol';
import {
  type Config,
  ConnectionMetrics,
  createHttpServer,
  type ListenAddress,
  type Logger,
  type Metrics,
  requestId,
} from '@sluice/runtime';
import express from 'express';
import type { Api } from './api.ts';
import { ByteBudget } from './http/byte-budget.ts';
import { Dispatcher } from './http/dispatch.ts';
import { RequestMetrics } from './http/request-metrics.ts';
import { RecordMetrics } from './record-metrics.ts';
import { ReadScheduler } from './sessions/read-scheduler.ts';
import { ReplayStore } from './sessions/replay-store.ts';
import { SessionRegistry } from './sessions/session-registry.ts';
import type { ConsumerFactory } from './sessions/session-settings.ts';
import { TopicNames } from './sessions/topic-names.ts';
import { handlers } from './v2/handlers.ts';
import { observeWorker } from './worker-metrics.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly admins: AdminPool;
  readonly producers: ProducerPool;
  readonly blockingCalls: BlockingCalls;
  readonly createConsumer: ConsumerFactory;
  readonly principalOf: (headers: NodeJS.Dict<string | string[]>) => Principal;
  /** Shown in the OpenAPI document. */
  readonly version: string;
}

/** The REST API over Kafka: serves requests, owns consumer instances and producers. */
export interface Worker {
  /** Starts to listen on all configured addresses; answers where, with the ports that were free for port 0. */
  listen(): Promise<readonly ListenAddress[]>;
  /** Ends what it owns in order: no new connections, requests under way are answered, instances leave their groups. */
  drain(deadlineMs: number): Promise<void>;
  /** Waits for the last answers (those to producers that gave up meanwhile), then cuts what is left. */
  close(deadlineMs: number): Promise<void>;
  readonly instances: number;
}

type Next = (error?: unknown) => void;
type RawHandler = (req: IncomingMessage, res: ServerResponse, done: Next) => void;

function listenOn(server: Server, { scheme, host, port }: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve({ scheme, host, port: (server.address() as AddressInfo).port });
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function createApi(options: WorkerOptions, draining: () => boolean): Api {
  const { config, logger, admins } = options;
  const now = (): number => performance.now();
  const scheduler = new ReadScheduler();
  const replays = new ReplayStore(config.consumer.replayMaxBytes);
  const sessions = new SessionRegistry({
    instancesMax: config.consumer.instancesMax,
    instanceTimeoutMs: config.consumer.instanceTimeoutMs,
    dependencies: {
      admins,
      scheduler,
      createConsumer: options.createConsumer,
      now,
      onLog: (severity, facility, message) => {
        if (severity <= 3) logger.warn({ facility }, message);
        else logger.debug({ facility }, message);
      },
    },
    onClosed: (session, reason, error) => {
      replays.forget(session);
      const { group, instance } = session.settings;
      if (error === undefined) logger.info({ group, instance, reason }, 'A consumer instance ended.');
      else logger.warn({ group, instance, reason, error }, 'A consumer instance ended with an error.');
    },
  });
  const topicNames = new TopicNames(admins, (error) =>
    logger.warn({ error }, 'The topics for pattern subscriptions could not be listed.'),
  );
  topicNames.follow(sessions);
  return {
    config,
    admins,
    producers: options.producers,
    sessions,
    scheduler,
    replays,
    reads: { active: 0 },
    topicNames,
    bodyBudget: new ByteBudget(config.http.bodyTotalMaxBytes),
    recordMetrics: new RecordMetrics(options.metrics),
    principalOf: options.principalOf,
    draining,
    now,
  };
}

async function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work, over]);
  clearTimeout(timer);
}

export function createWorker(options: WorkerOptions): Worker {
  const { config, logger, metrics } = options;
  let draining = false;
  const api = createApi(options, () => draining);
  const dispatcher = new Dispatcher({
    api,
    handlers,
    logger,
    metrics: new RequestMetrics(metrics),
  });
  observeWorker(metrics, api, options.blockingCalls);

  // The router stands on a bare server: the app object of express would change the prototypes of each request.
  const router = express.Router();
  const openApi = JSON.stringify(openApiDocument({ title: 'Sluice', version: options.version }));
  router.get('/openapi.json', (req, res) => {
    res
      .writeHead(200, {
        'x-request-id': requestId(req.headers['x-request-id']),
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(openApi),
      })
      .end(openApi);
  });
  router.use((req, res) => dispatcher.handle(req, res));
  const route = router as unknown as RawHandler;

  const serve = (req: IncomingMessage, res: ServerResponse): void =>
    route(req, res, (error) => {
      logger.error({ error }, 'A request fell through the router.');
      res.destroy();
    });
  const connections = new ConnectionMetrics(metrics, config.http.connectionsMax);
  const servers = config.listeners.map(() => createHttpServer(config.http, serve, connections));
  let closed: Promise<unknown> = Promise.resolve();
  return {
    listen: () => Promise.all(servers.map((server, i) => listenOn(server, config.listeners[i] as ListenAddress))),
    drain: async (deadlineMs) => {
      const end = api.now() + deadlineMs;
      draining = true;
      api.topicNames.stop();
      api.scheduler.wakeAll();
      closed = Promise.all(servers.map(closeServer));
      // Requests under way first: they may still use their instance.
      await within(deadlineMs / 2, closed);
      await within(end - api.now(), api.sessions.closeAll());
    },
    close: async (deadlineMs) => {
      await within(deadlineMs, closed);
      for (const server of servers) server.closeAllConnections();
    },
    get instances() {
      return api.sessions.size;
    },
  };
}
