import { ApiError, chooseRoute, errorBody } from '@sluice/protocol';
import { dropBody, endAfterRequest, requestId } from '@sluice/runtime';
import type { EdgeRequest } from './edge-request.ts';

function contentTypeOf({ match, request }: EdgeRequest): string {
  if (match?.kind !== 'match') return 'application/json';
  const { 'content-type': contentType, accept } = request.headers;
  const choice = chooseRoute(match.routes, { contentType, accept }, ['v2', 'v1']);
  return choice.kind === 'chosen' ? choice.response.mediaType : 'application/json';
}

/** What the edge answers by itself, in the words and the type that a worker would use. */
export function answerError(r: EdgeRequest, error: ApiError): void {
  const { request, response } = r;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  request.unpipe();
  const unread = dropBody(request);
  const body = errorBody(error);
  const headers = ['x-request-id', requestId(request.headers['x-request-id'])];
  if (unread) headers.push('Connection', 'close');
  if (error.retryAfterSeconds !== undefined) headers.push('Retry-After', String(error.retryAfterSeconds));
  headers.push('Content-Type', contentTypeOf(r), 'Content-Length', String(Buffer.byteLength(body)));
  response.writeHead(error.status, headers);
  if (request.method === 'HEAD') response.end();
  else if (unread) endAfterRequest(request, response, body);
  else response.end(body);
}

interface Unavailable {
  readonly why: string;
  /** Whether what was asked for was done; `no` by default. */
  readonly isDone?: 'no' | 'perhaps';
}

/** 503: the same request may succeed in a moment. */
export function answerUnavailable(r: EdgeRequest, { why, isDone = 'no' }: Unavailable): void {
  const rest = isDone === 'no' ? 'Nothing was done; try again.' : 'What was asked for may have happened.';
  answerError(r, new ApiError('unavailable', { message: `${why} ${rest}`, retryAfterSeconds: 1 }));
}

/** 502: it was sent, and nobody knows what became of it. */
export function answerUnknownOutcome(r: EdgeRequest): void {
  answerError(r, new ApiError('badGateway'));
}

/** What was asked for had happened already. */
export function answerDeleted({ request, response }: EdgeRequest): void {
  response.writeHead(204, ['x-request-id', requestId(request.headers['x-request-id'])]).end();
}
