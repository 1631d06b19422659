import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InstanceName, NodeRecord } from '@sluice/directory';
import { requestId, servedVersions } from '@sluice/runtime';
import express from 'express';
import type { Api } from './api.ts';
import type { ClusterMember } from './cluster/cluster-member.ts';
import { ClusterMetrics } from './cluster/cluster-metrics.ts';
import type { Departures } from './cluster/departures.ts';
import { answerReads } from './cluster/early-answers.ts';
import { type PeerHandler, peerCalls } from './cluster/peer-calls.ts';
import { createApi } from './create-api.ts';
import { handlersOf } from './handlers.ts';
import { type Declined, Dispatcher } from './http/dispatch.ts';
import type { LocalAttempt } from './http/exchange.ts';
import { RequestMetrics } from './http/request-metrics.ts';
import { within } from './within.ts';
import { observeWorker } from './worker-metrics.ts';
import type { WorkerOptions } from './worker-options.ts';

/** The REST API over Kafka: serves requests, owns consumer instances and producers. Listens to nobody itself. */
export interface Worker {
  /** Takes its place in the cluster. */
  start(): Promise<void>;
  /**
   * Serves a request, or resolves with why it did nothing: another node may hold the instance. Never rejects.
   */
  serve(req: IncomingMessage, res: ServerResponse, attempt: LocalAttempt): Promise<Declined | undefined>;
  /** The epoch at which an instance is held here. */
  epochOf(name: InstanceName): number | undefined;
  /** What other nodes may ask, by name. @param drain begins to hand over everything */
  calls(drain: () => void): ReadonlyMap<string, PeerHandler>;
  /** The nodes whose leases run, each time that they were asked for. */
  see(nodes: readonly NodeRecord[]): void;
  /** Hands its instances to other nodes, and takes no new ones. */
  handOver(deadlineMs: number): Promise<void>;
  /**
   * Ends what it owns in order: requests under way are answered, instances that nobody took over end.
   * @param stopListening resolves when no request is under way any more
   */
  drain(deadlineMs: number, stopListening: () => Promise<unknown>): Promise<void>;
  readonly instances: number;
}

type Next = (error?: unknown) => void;
type RawHandler = (req: IncomingMessage, res: ServerResponse, done: Next) => void;

/** Of the time to drain: for the requests under way. */
const REQUESTS_SHARE = 0.5;

/** The pages beside the API. What is none of them falls through. */
function pages(openApi: string): RawHandler {
  // The router stands on a bare server: the app object of express would change the prototypes of each request.
  const router = express.Router();
  router.get('/openapi.json', (req, res) => {
    res
      .writeHead(200, {
        'x-request-id': requestId(req.headers['x-request-id']),
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(openApi),
      })
      .end(openApi);
  });
  return router as unknown as RawHandler;
}

class ApiWorker implements Worker {
  readonly #options: WorkerOptions;
  readonly #api: Api;
  readonly #member: ClusterMember | undefined;
  readonly #departures: Departures;
  readonly #dispatcher: Dispatcher;
  readonly #pages: RawHandler;
  readonly #metrics: ClusterMetrics;
  /** Nothing new is taken any more; what nobody else took is served on. */
  #draining = false;
  /** The process ends. */
  #ending = false;
  #handingOver: Promise<void> = Promise.resolve();
  /** Under way, or to follow. */
  #handOvers = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#metrics = new ClusterMetrics(options.metrics);
    const parts = createApi({
      options,
      metrics: this.#metrics,
      draining: () => this.#draining,
      ending: () => this.#ending,
    });
    this.#api = parts.api;
    this.#member = parts.member;
    this.#departures = parts.departures;
    const served = servedVersions(options.config.front);
    this.#dispatcher = new Dispatcher({
      api: parts.api,
      handlers: handlersOf(options.dialect),
      served,
      logger: options.logger,
      metrics: new RequestMetrics(options.metrics),
    });
    this.#pages = pages(parts.api.openApi);
    observeWorker(options.metrics, parts.api, options.blockingCalls);
    parts.member?.observe(options.metrics);
  }

  get instances(): number {
    return this.#api.sessions.size;
  }

  async start(): Promise<void> {
    await this.#member?.start();
  }

  serve(req: IncomingMessage, res: ServerResponse, attempt: LocalAttempt): Promise<Declined | undefined> {
    return new Promise((resolve) => {
      this.#pages(req, res, (error) => {
        if (error === undefined) {
          resolve(this.#dispatch(req, res, attempt));
          return;
        }
        this.#options.logger.error({ error }, 'A request fell through the router.');
        res.destroy();
        resolve(undefined);
      });
      // A page was the answer.
      if (res.writableEnded) resolve(undefined);
    });
  }

  epochOf(name: InstanceName): number | undefined {
    return this.#api.instances.epochOf(name);
  }

  calls(drain: () => void): ReadonlyMap<string, PeerHandler> {
    const { logger } = this.#options;
    return peerCalls({
      instances: this.#api.instances,
      sentReads: (name) => this.#api.sessions.get(name)?.sentReads,
      answerReads: async (name) => {
        const session = this.#api.sessions.get(name);
        const { now } = this.#api;
        if (session !== undefined) await answerReads(session, { handingOver: () => this.#handOvers > 0, now });
      },
      drain,
      onError: (error) => logger.warn({ error }, 'An instance that was handed over cannot read yet.'),
    });
  }

  see(nodes: readonly NodeRecord[]): void {
    this.#member?.see(nodes);
  }

  handOver(deadlineMs: number): Promise<void> {
    this.#draining = true;
    // Once more, should it have been asked for before: others may have room by now.
    this.#handOvers += 1;
    this.#handingOver = this.#handingOver
      .then(() => this.#member?.handOverAll(deadlineMs))
      .finally(() => {
        this.#handOvers -= 1;
      });
    return this.#handingOver;
  }

  async drain(deadlineMs: number, stopListening: () => Promise<unknown>): Promise<void> {
    const { sessions, scheduler, topicNames, instances, now } = this.#api;
    const end = now() + deadlineMs;
    topicNames.stop();
    this.#draining = true;
    this.#ending = true;
    scheduler.wakeAll();
    // Requests under way first: they may still use their instance.
    await within((end - now()) * REQUESTS_SHARE, stopListening());
    await within(end - now(), sessions.closeAll());
    instances.close();
    this.#departures.close();
    await this.#member?.end();
  }

  async #dispatch(req: IncomingMessage, res: ServerResponse, attempt: LocalAttempt): Promise<Declined | undefined> {
    const declined = await this.#dispatcher.handle(req, res, attempt);
    if (declined !== undefined) this.#metrics.declined(declined.reason.moving);
    return declined;
  }
}

export function createWorker(options: WorkerOptions): Worker {
  return new ApiWorker(options);
}
