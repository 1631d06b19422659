import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { deferred } from './conditions.ts';

const DEFAULT_TIMEOUT_MS = 30_000;

interface CallOptions {
  readonly headers?: OutgoingHttpHeaders;
  /** Sent as it is, on any method. */
  readonly body?: string | Buffer;
  readonly timeoutMs?: number;
  /** Aborting it closes the connection, as a client that goes away does. */
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** Parses the body; throws with the body in the message when it is not JSON. */
  readonly json: () => unknown;
}

/**
 * A client that sends what it is told to: the path goes out byte for byte, GET and DELETE may carry a body, and each
 * call has a connection of its own. `fetch` refuses the one, normalises the other and hides the third.
 */
export interface HttpClient {
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<HttpAnswer>;
}

function answerOf(status: number, headers: IncomingHttpHeaders, bytes: Buffer): HttpAnswer {
  const text = bytes.toString('utf8');
  return {
    status,
    headers,
    bytes,
    text,
    json: () => {
      try {
        return JSON.parse(text);
      } catch (cause) {
        throw new Error(`the answer (${status}) is not JSON: ${text.slice(0, 200)}`, { cause });
      }
    },
  };
}

/** A client for the server at `baseUrl`, of which only host and port are used. */
export function httpClient(baseUrl: string): HttpClient {
  const { hostname, port } = new URL(baseUrl);
  return {
    call: async (method, path, options = {}) => {
      const answer = deferred<HttpAnswer>();
      const length = options.body === undefined ? {} : { 'content-length': Buffer.byteLength(options.body) };
      const limit = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
      const outgoing = request({
        host: hostname,
        port,
        method,
        path,
        agent: false,
        headers: { ...length, ...options.headers },
        signal: options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]),
      });
      outgoing.once('error', answer.reject);
      outgoing.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', answer.reject);
        response.once('end', () => {
          answer.resolve(answerOf(response.statusCode ?? 0, response.headers, Buffer.concat(chunks)));
        });
      });
      outgoing.end(options.body);
      return await answer.promise;
    },
  };
}
