import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FrontConfig } from '../config.ts';
import { requestId } from '../http/request-id.ts';
import { dropBody } from '../http/unread-body.ts';
import { addHeaders } from './extra-headers.ts';

/** How long a browser remembers what it was told before a request. */
const PREFLIGHT_MAX_AGE_S = 1800;
/** No origin is longer: a DNS name has 253 characters at most. */
const ORIGIN_CHARS_MAX = 300;
const NONE = new Map<string, readonly [string, string]>();

/**
 * Cross-origin requests of browsers (contract D.3): which are allowed, and what their pages see. An answer to any other
 * request is as it was; browsers keep it from the page by themselves.
 */
export class Cors {
  readonly #allows: (origin: string) => boolean;
  readonly #isForAll: boolean;
  readonly #config: FrontConfig;

  constructor(config: FrontConfig) {
    this.#config = config;
    this.#isForAll = config.allowOrigins.includes('*');
    const matchers = config.allowOrigins.map(matcherOf);
    this.#allows = (origin) => this.#isForAll || matchers.some((matches) => matches(origin));
  }

  /** Whether the request is answered with this: a browser has asked before it sends the real one. */
  answer(req: IncomingMessage, res: ServerResponse): boolean {
    const { origin } = req.headers;
    const isAllowed = typeof origin === 'string' && origin.length <= ORIGIN_CHARS_MAX && this.#allows(origin);
    const add: (readonly [string, string])[] = this.#isForAll ? [] : [['Vary', 'Origin']];
    if (isAllowed) add.push(...this.#granted(origin));
    const method = req.headers['access-control-request-method'];
    const isPreflight = isAllowed && req.method === 'OPTIONS' && method !== undefined;
    if (isAllowed && !isPreflight && this.#config.exposeHeaders.length > 0) {
      add.push(['Access-Control-Expose-Headers', this.#config.exposeHeaders.join(',')]);
    }
    if (add.length > 0) addHeaders(res, { set: NONE, add });
    if (isPreflight) this.#answerPreflight(req, res, method);
    return isPreflight;
  }

  #granted(origin: string): (readonly [string, string])[] {
    // With credentials only for who was named: a page of any origin would act with what the browser has of its user.
    if (this.#isForAll) return [['Access-Control-Allow-Origin', '*']];
    return [
      ['Access-Control-Allow-Origin', origin],
      ['Access-Control-Allow-Credentials', 'true'],
    ];
  }

  #answerPreflight(req: IncomingMessage, res: ServerResponse, method: string): void {
    const { allowMethods, allowHeaders } = this.#config;
    const headers = ['x-request-id', requestId(req.headers['x-request-id']), 'Content-Length', '0'];
    if (allowMethods.includes(method) && this.#mayHave(req.headers['access-control-request-headers'])) {
      headers.push('Access-Control-Allow-Methods', allowMethods.join(','));
      headers.push('Access-Control-Allow-Headers', allowHeaders.join(','));
      headers.push('Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE_S));
    }
    if (dropBody(req)) headers.push('Connection', 'close');
    res.writeHead(200, headers).end();
  }

  #mayHave(asked: string | undefined): boolean {
    const allowed = new Set(this.#config.allowHeaders.map((name) => name.toLowerCase()));
    const names = asked?.split(',').map((name) => name.trim().toLowerCase()) ?? [];
    return allowed.has('*') || names.every((name) => name === '' || allowed.has(name));
  }
}

function matcherOf(entry: string): (origin: string) => boolean {
  const [before = '', after] = entry.split('*');
  if (after === undefined) return (origin) => origin === entry;
  // The star stands for a part of the host, so that the end of the name is the one that was written.
  return (origin) =>
    origin.length >= before.length + after.length &&
    origin.startsWith(before) &&
    origin.endsWith(after) &&
    !/[^A-Za-z0-9.:_-]/.test(origin.slice(before.length, origin.length - after.length));
}
