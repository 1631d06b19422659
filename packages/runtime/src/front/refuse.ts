import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApiError, errorBody } from '@sluice/protocol';
import { requestId } from '../http/request-id.ts';
import { dropBody, endAfterRequest } from '../http/unread-body.ts';

/**
 * Answers a request that is not served, in the words of the API.
 *
 * @param contentType empty for an error from before a route was chosen, which has none (observed: headers on everything)
 */
export function refuse(req: IncomingMessage, res: ServerResponse, error: ApiError, contentType: string): void {
  const unread = dropBody(req);
  const body = errorBody(error);
  const headers = ['x-request-id', requestId(req.headers['x-request-id'])];
  if (unread) headers.push('Connection', 'close');
  if (error.retryAfterSeconds !== undefined) headers.push('Retry-After', String(error.retryAfterSeconds));
  if (contentType !== '') headers.push('Content-Type', contentType);
  headers.push('Content-Length', String(Buffer.byteLength(body)));
  res.writeHead(error.status, headers);
  if (req.method === 'HEAD') res.end();
  else if (unread) endAfterRequest(req, res, body);
  else res.end(body);
}
