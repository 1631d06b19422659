import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, errorBody } from '@sluice/protocol';
import type { ListenAddress } from './config.ts';
import { dropBody, endAfterRequest } from './http/unread-body.ts';
import type { LifecycleState } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import { type ManagementRoute, mayChange } from './management-route.ts';
import type { Metrics } from './metrics.ts';
import { Secret } from './secret.ts';

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
  /** What else is served here, by path. */
  readonly routes?: ReadonlyMap<string, ManagementRoute>;
  /** `sluice.management.token`; empty: what changes something is for callers on this machine. */
  readonly token?: string;
}

export interface ManagementServer {
  /** Where it listens, with the port that it got. */
  readonly address: ListenAddress;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: OutgoingHttpHeaders;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly changes: boolean;
  readonly answer: () => Answer | Promise<Answer>;
}

const REQUEST_TIMEOUT_MS = 5000;
const CONNECTIONS_MAX = 100;

/**
 * Starts the listener for those who run the process: `/metrics` (Prometheus), `/livez`, `/readyz` (503 with the
 * reasons in its body while requests should go elsewhere) and `/startupz`, and the given routes. Whatever changes
 * something needs the token, or where none is set a caller on this machine.
 *
 * Rejects when the address cannot be listened on.
 */
export async function startManagementServer(options: ManagementServerOptions): Promise<ManagementServer> {
  const token = options.token === undefined || options.token === '' ? undefined : new Secret(options.token);
  const server = createServer({ maxHeaderSize: 8192, requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void answerRequest({ ...options, secret: token }, request, response);
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

interface Serving extends ManagementServerOptions {
  readonly secret: Secret | undefined;
}

async function answerRequest(serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let result: Answer;
  try {
    result = await resolveRequest(serving, request);
  } catch (error) {
    if (!(error instanceof ApiError)) {
      serving.log.error({ error, path: splitTarget(request).path }, 'management request failed');
    }
    result = failure(error instanceof ApiError ? error : new ApiError('internal'));
  }
  // Nothing here reads a body.
  const more = dropBody(request);
  response.writeHead(result.status, {
    ...result.headers,
    'content-type': result.type,
    'content-length': Buffer.byteLength(result.body),
    'cache-control': 'no-store',
    ...(more ? { connection: 'close' } : {}),
  });
  if (more) endAfterRequest(request, response, result.body);
  else response.end(request.method === 'HEAD' ? undefined : result.body);
}

async function resolveRequest(serving: Serving, request: IncomingMessage): Promise<Answer> {
  const { path, query } = splitTarget(request);
  const route = findRoute(serving, path, query);
  if (route === undefined) throw new ApiError('notFound');
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (method !== route.method) throw new ApiError('methodNotAllowed');
  if (route.changes) {
    const permission = mayChange(request, serving.secret);
    if (permission !== 'granted') return refusal(permission);
  }
  return await route.answer();
}

function splitTarget(request: IncomingMessage): { path: string; query: string } {
  const [path = '/', ...rest] = (request.url ?? '/').split('?');
  return { path, query: rest.join('?') };
}

function findRoute(serving: Serving, path: string, query: string): Route | undefined {
  const { metrics } = serving;
  const answers: ReadonlyMap<string, Route['answer']> = new Map<string, Route['answer']>([
    ['/metrics', async () => ({ status: 200, type: metrics.contentType, body: await metrics.expose() })],
    ['/livez', () => json(200, { status: 'alive' })],
    ['/readyz', () => readiness(serving)],
    ['/startupz', () => startup(serving.state())],
  ]);
  const own = answers.get(path);
  if (own !== undefined) return { method: 'GET', changes: false, answer: own };
  const given = serving.routes?.get(path);
  if (given === undefined) return undefined;
  const answer = async (): Promise<Answer> => {
    const { status, body } = await given.handle(new URLSearchParams(query));
    return json(status, body);
  };
  return { method: given.method, changes: given.changes, answer };
}

function refusal(permission: 'forbidden' | 'unauthorized'): Answer {
  const answer = failure(new ApiError(permission));
  return permission === 'unauthorized' ? { ...answer, headers: { 'www-authenticate': 'Bearer' } } : answer;
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

function failure(error: ApiError): Answer {
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
