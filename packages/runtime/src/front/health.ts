import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, type Dialect, endpointNames, matchRoute } from '@sluice/protocol';
import { requestId } from '../http/request-id.ts';
import type { EndpointLists } from './endpoint-lists.ts';
import { refuse } from './refuse.ts';

/** What probes of other proxies are answered with. Whoever serves clients answers for itself: no other node is asked. */
export interface Health {
  /** Whether requests should come here. */
  readonly ready: () => boolean;
  readonly version: string;
}

/** `health.ready` of Strimzi, `health.healthy`, and `health.get` of Karapace. */
const PREFIX = 'health.';

/** The operations of the probes that are answered: all that the dialect has, but those that a list of endpoints closes. */
export function probesOf({ routes }: Dialect, lists: Pick<EndpointLists, 'blocks'>): ReadonlySet<string> {
  const probes = routes.filter(({ operation }) => operation.startsWith(PREFIX));
  const open = probes.filter((route) => [...endpointNames(route)].every((name) => !lists.blocks(name)));
  return new Set(open.map(({ operation }) => operation));
}

export interface Probes {
  readonly dialect: Dialect;
  /** By their operations. */
  readonly open: ReadonlySet<string>;
  readonly health: Health;
}

/** @returns whether the request was a probe, which is answered then */
export function answerProbe(
  { req, res }: { readonly req: IncomingMessage; readonly res: ServerResponse },
  { dialect, open, health: { ready, version } }: Probes,
): boolean {
  const match = matchRoute(req.method ?? 'GET', req.url ?? '/', dialect);
  if (match.kind !== 'match' || !open.has(match.operation)) return false;
  const headers = { 'x-request-id': requestId(req.headers['x-request-id']) };
  if (match.operation === 'health.get') {
    const body = `{"process_uptime_sec":${Math.floor(process.uptime())},"karapace_version":${JSON.stringify(version)}}`;
    const length = Buffer.byteLength(body);
    res.writeHead(200, { ...headers, 'Content-Type': 'application/json', 'Content-Length': length });
    res.end(match.head ? undefined : body);
  } else if (match.operation === 'health.ready' && !ready()) {
    refuse(req, res, new ApiError('unavailable'), '');
  } else res.writeHead(204, headers).end();
  return true;
}
