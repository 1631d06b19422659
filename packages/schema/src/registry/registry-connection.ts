import type { ConnectionOptions as TlsConnectionOptions } from 'node:tls';
import { errors, Pool } from 'undici';
import type { HttpAnswer } from './registry-answers.ts';
import type { RegistryEndpoint } from './registry-endpoint.ts';
import { RegistryUnavailable, unreadable } from './registry-errors.ts';

/** What Node's `tls` takes: certificates, versions, ciphers. */
export interface RegistryTls extends Omit<TlsConnectionOptions, 'port'> {
  /** Whether the registry's certificate must be for its host; default true. */
  readonly verifyHostname?: boolean;
}

export interface ConnectionOptions {
  readonly tls?: RegistryTls | undefined;
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
  readonly answerMaxBytes: number;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Below the path of the registry's URL. */
  readonly path: string;
  readonly body: string | undefined;
  readonly authorization: string | undefined;
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
const ACCEPT = `${MEDIA_TYPE}, application/vnd.schemaregistry+json, application/json`;

/** What Java says; clients of Confluent's proxy know these texts. */
const JAVA_WORDS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'Connection refused'],
  ['ECONNRESET', 'Connection reset'],
  ['EPIPE', 'Broken pipe'],
  ['UND_ERR_SOCKET', 'Unexpected end of file from server'],
  ['UND_ERR_CONNECT_TIMEOUT', 'Connect timed out'],
  ['ETIMEDOUT', 'Connect timed out'],
  ['ENOTFOUND', 'Unknown host'],
  ['EAI_AGAIN', 'Unknown host'],
  ['EHOSTUNREACH', 'No route to host'],
  ['ENETUNREACH', 'Network is unreachable'],
]);

/** The connections to one address of a registry. */
export class RegistryConnection {
  readonly endpoint: RegistryEndpoint;
  readonly #pool: Pool;
  readonly #answerMaxBytes: number;

  constructor(endpoint: RegistryEndpoint, options: ConnectionOptions) {
    this.endpoint = endpoint;
    this.#answerMaxBytes = options.answerMaxBytes;
    this.#pool = new Pool(endpoint.origin, {
      connections: options.connectionsMax,
      connect: { ...tlsOptions(options.tls), timeout: options.connectTimeoutMs },
      maxResponseSize: options.answerMaxBytes,
      // The whole exchange has a deadline; these would begin anew with each byte.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /**
   * One exchange; redirects are answers as others are.
   *
   * @throws RegistryUnavailable; RegistryError when the answer is too large; the signal's reason
   */
  async send({ method, path, body, authorization }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    let status = 0;
    try {
      const answer = await this.#pool.request({
        method,
        path: this.endpoint.pathPrefix + path,
        headers: {
          accept: ACCEPT,
          ...(body === undefined ? {} : { 'content-type': MEDIA_TYPE }),
          ...(authorization === undefined ? {} : { authorization }),
        },
        body: body ?? null,
        signal,
      });
      status = answer.statusCode;
      const retryAfter = answer.headers['retry-after'];
      return {
        status,
        body: await answer.body.text(),
        retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
      };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw this.#explained(error, status);
    }
  }

  /** Ends all connections, and what is under way on them. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #explained(error: unknown, status: number): Error {
    if (error instanceof errors.ResponseExceededMaxSizeError) {
      return unreadable(status, `it has more than ${this.#answerMaxBytes} bytes`);
    }
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const isNoHttp = error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError;
    const words = isNoHttp ? 'Invalid Http response' : JAVA_WORDS.get(code);
    return new RegistryUnavailable(words ?? `No connection to the schema registry (${code})`, { cause: error });
  }
}

function tlsOptions({ verifyHostname = true, ...tls }: RegistryTls = {}): Omit<RegistryTls, 'verifyHostname'> {
  return verifyHostname ? tls : { ...tls, checkServerIdentity: () => undefined };
}
