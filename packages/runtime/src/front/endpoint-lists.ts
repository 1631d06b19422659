import type { IncomingMessage } from 'node:http';
import { ApiError, endpointName, matchRoute, negotiateRequest, negotiateResponse, type Route } from '@sluice/protocol';
import type { FrontConfig } from '../config.ts';
import { classOf, methodNames } from './endpoint-names.ts';

/** What a request would be served by. */
export interface Endpoint {
  readonly route: Route;
  readonly name: string;
  readonly responseType: string;
  /** The client has named no type that it wants: a read would answer in the format of its instance, whichever that is. */
  readonly isUnspecified: boolean;
}

/** Undefined for requests that no endpoint would serve: they have their answer where they are served. */
export function endpointOf(req: IncomingMessage): Endpoint | undefined {
  const match = matchRoute(req.method ?? 'GET', req.url ?? '/');
  if (match.kind !== 'match') return undefined;
  const { route } = match;
  const request = negotiateRequest(route, req.headers['content-type']);
  const response = negotiateResponse(route, req.headers.accept);
  if (request.kind !== 'accepted' || response.kind !== 'accepted') return undefined;
  const format = route.formatFrom === 'Content-Type' ? request.format : response.format;
  const isUnspecified = route.formatFrom === 'Accept' && response.unspecified;
  return { route, name: endpointName(route, format), responseType: response.mediaType, isUnspecified };
}

/** Which endpoints are served at all: the allowed ones without the blocked ones (contract A.2). */
export class EndpointLists {
  readonly #allowed: ReadonlySet<string>;
  readonly #blocked: ReadonlySet<string>;
  readonly #v2Enabled: boolean;
  /** Records of some format cannot be read. */
  readonly #hidesFormats: boolean;

  constructor({ endpointAllowlist, endpointBlocklist, v2Enabled }: FrontConfig) {
    this.#allowed = new Set(endpointAllowlist);
    this.#blocked = new Set(endpointBlocklist);
    this.#v2Enabled = v2Enabled;
    this.#hidesFormats = [...methodNames].some((name) => name.includes('.consume-') && !this.#serves(name));
  }

  /** Whether there is anything to look at. */
  get isOpen(): boolean {
    return this.#allowed.size === 0 && this.#blocked.size === 0 && this.#v2Enabled;
  }

  /** The answer to a request that is not served; undefined for one that is. */
  refusal(req: IncomingMessage, endpoint: Endpoint): ApiError | undefined {
    if (endpoint.route.api === 'v2' && !this.#v2Enabled) return new ApiError('notFound');
    if (this.#serves(endpoint.name)) {
      // Else a format that is blocked could be had by naming none.
      if (endpoint.isUnspecified && this.#hidesFormats) req.headers.accept = endpoint.responseType;
      return undefined;
    }
    return new ApiError(endpoint.route.method === 'GET' ? 'notFound' : 'methodNotAllowed');
  }

  #serves(name: string): boolean {
    const isOn = (names: ReadonlySet<string>): boolean => names.has(name) || names.has(classOf(name));
    return (this.#allowed.size === 0 || isOn(this.#allowed)) && !isOn(this.#blocked);
  }
}
