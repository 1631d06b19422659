import type { IncomingHttpHeaders } from 'node:http';
import type { Secret } from './secret.ts';

/** A path of the management listener that answers in JSON. */
export interface ManagementRoute {
  /** GET is answered to HEAD as well. */
  readonly method: 'GET' | 'POST';
  /** Not for everybody who reaches the listener. */
  readonly changes: boolean;
  /** An `ApiError` that it throws is its answer; anything else is logged, and answered with 500. */
  handle(query: URLSearchParams): Promise<{ readonly status: number; readonly body: object }>;
}

/** Of a request: who sent it. */
interface Caller {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;
const BEARER = /^Bearer +(\S.*)$/i;

/**
 * Whether a request may change something: with the token where one is set, else from this machine. There a web page
 * could send it, too: browsers tell by `Origin` whose page it was.
 */
export function mayChange(caller: Caller, token: Secret | undefined): 'granted' | 'unauthorized' | 'forbidden' {
  const { authorization, origin } = caller.headers;
  if (token !== undefined) return token.matches(BEARER.exec(authorization ?? '')?.[1]) ? 'granted' : 'unauthorized';
  const local = LOOPBACK.test(caller.socket.remoteAddress ?? '');
  return local && origin === undefined ? 'granted' : 'forbidden';
}
