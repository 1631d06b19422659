import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, type ErrorName, errorBody } from '@sluice/protocol';
import type { ListenAddress } from './config.ts';
import type { LifecycleState } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Something that readiness tells about. `probe` answers from memory: a look at Kafka would make the probe as slow as Kafka. */
export interface HealthCheck {
  readonly name: string;
  /** Whether the process is unready while the check fails; otherwise its body merely says so. */
  readonly required: boolean;
  readonly probe: () => { readonly ok: boolean; readonly detail: string };
}

export interface ManagementServerOptions {
  readonly listener: ListenAddress;
  readonly metrics: Metrics;
  readonly state: () => LifecycleState;
  readonly checks: readonly HealthCheck[];
  readonly log: Logger;
}

export interface ManagementServer {
  /** Where it listens, with the port that it got. */
  readonly address: ListenAddress;
  close(): Promise<void>;
}

type Answer = { readonly status: number; readonly type: string; readonly body: string };

const REQUEST_TIMEOUT_MS = 5000;
const CONNECTIONS_MAX = 100;

/**
 * Starts the listener for those who run the process: `/metrics` (Prometheus), `/livez`, `/readyz` (503 with the
 * reasons in its body while requests should go elsewhere) and `/startupz`. It only ever answers GET and HEAD.
 *
 * Rejects when the address cannot be listened on.
 */
export async function startManagementServer(options: ManagementServerOptions): Promise<ManagementServer> {
  const server = createServer({ maxHeaderSize: 8192, requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void answer(options, request, response);
  });
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, options.listener);
  const { port } = server.address() as AddressInfo;
  return {
    address: { ...options.listener, port },
    close: async () => {
      await close(server);
    },
  };
}

async function answer(
  options: ManagementServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let result: Answer;
  try {
    result = await resolveRequest(options, request);
  } catch (error) {
    options.log.error({ error, url: request.url }, 'management request failed');
    result = failure('internal');
  }
  response.writeHead(result.status, {
    'content-type': result.type,
    'content-length': Buffer.byteLength(result.body),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : result.body);
}

async function resolveRequest(options: ManagementServerOptions, request: IncomingMessage): Promise<Answer> {
  const path = (request.url ?? '/').split('?', 1)[0];
  const routes: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
    '/metrics': async () => ({ status: 200, type: options.metrics.contentType, body: await options.metrics.expose() }),
    '/livez': () => json(200, { status: 'alive' }),
    '/readyz': () => readiness(options),
    '/startupz': () => startup(options.state()),
  };
  const route = path !== undefined && Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return failure('notFound');
  if (request.method !== 'GET' && request.method !== 'HEAD') return failure('methodNotAllowed');
  return await route();
}

function readiness(options: ManagementServerOptions): Answer {
  const state = options.state();
  const checks = options.checks.map(({ name, required, probe }) => ({ name, required, ...probe() }));
  const reasons = checks.filter(({ required, ok }) => required && !ok).map(({ name, detail }) => `${name}: ${detail}`);
  if (state !== 'ready') reasons.unshift(`the process is ${state}`);
  const ready = reasons.length === 0;
  return json(ready ? 200 : 503, { status: ready ? 'ready' : 'unready', state, reasons, checks });
}

function startup(state: LifecycleState): Answer {
  return state === 'starting' ? json(503, { status: 'starting' }) : json(200, { status: 'started' });
}

function failure(kind: ErrorName): Answer {
  const error = new ApiError(kind);
  return { status: error.status, type: 'application/json', body: errorBody(error) };
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
