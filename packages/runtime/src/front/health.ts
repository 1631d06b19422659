import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, type Dialect, matchRoute } from '@sluice/protocol';
import { requestId } from '../http/request-id.ts';
import { refuse } from './refuse.ts';

/** What probes of other proxies are answered with. Whoever serves clients answers for itself: no other node is asked. */
export interface Health {
  /** Whether requests should come here. */
  readonly ready: () => boolean;
  readonly version: string;
}

/** `health.ready` of Strimzi, `health.healthy`, and `health.get` of Karapace. */
const PREFIX = 'health.';

export function hasProbes({ routes }: Dialect): boolean {
  return routes.some(({ operation }) => operation.startsWith(PREFIX));
}

/** @returns whether the request was a probe, which is answered then */
export function answerProbe(
  { req, res }: { readonly req: IncomingMessage; readonly res: ServerResponse },
  dialect: Dialect,
  { ready, version }: Health,
): boolean {
  const match = matchRoute(req.method ?? 'GET', req.url ?? '/', dialect);
  if (match.kind !== 'match' || !match.operation.startsWith(PREFIX)) return false;
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
