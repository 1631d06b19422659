import type { IncomingMessage } from 'node:http';
import {
  ApiError,
  chooseRoute,
  type Dialect,
  type EmbeddedFormat,
  embeddedTypeOf,
  endpointName,
  endpointNames,
  matchRoute,
  plainDialect,
  type Route,
  type ServedVersions,
} from '@sluice/protocol';
import type { FrontConfig } from '../config.ts';
import { classOf, newerName } from './endpoint-names.ts';
import { servedVersions } from './served-versions.ts';

/** What a request would be served by. */
export interface Endpoint {
  readonly route: Route;
  readonly name: string;
  readonly responseType: string;
  readonly responseFormat: EmbeddedFormat;
  /** The client has named no type that it wants: a read would answer in the format of its instance, whichever that is. */
  readonly isUnspecified: boolean;
}

/**
 * Undefined for requests that no endpoint would serve: they have their answer where they are served. `disabled` for those
 * of a version that is not served.
 */
export function endpointOf(
  req: IncomingMessage,
  served: ServedVersions,
  dialect: Dialect = plainDialect,
): Endpoint | 'disabled' | undefined {
  const match = matchRoute(req.method ?? 'GET', req.url ?? '/', dialect);
  if (match.kind !== 'match') return undefined;
  const headers = { contentType: req.headers['content-type'], accept: req.headers.accept };
  const choice = chooseRoute(match.routes, headers, served);
  if (choice.kind === 'notServed') return 'disabled';
  if (choice.kind !== 'chosen') return undefined;
  const { route, request, response } = choice;
  const format = route.formatFrom === 'Content-Type' ? request.format : response.format;
  const isUnspecified = route.formatFrom === 'Accept' && response.unspecified;
  const { mediaType: responseType, format: responseFormat } = response;
  return { route, name: endpointName(route, format), responseType, responseFormat, isUnspecified };
}

function isOn(names: ReadonlySet<string>, name: string): boolean {
  return names.has(name) || names.has(classOf(name));
}

/** Which endpoints are served at all: the allowed ones without the blocked ones (contract A.2). */
export class EndpointLists {
  readonly #allowed: ReadonlySet<string>;
  readonly #blocked: ReadonlySet<string>;
  readonly #served: ServedVersions;
  readonly #dialect: Dialect;
  readonly #areAllServed: boolean;
  /** The versions in which records of some format cannot be read. */
  readonly #hidesFormats: ReadonlySet<string>;

  constructor(config: FrontConfig, dialect: Dialect = plainDialect) {
    this.#dialect = dialect;
    this.#allowed = new Set(config.endpointAllowlist);
    this.#blocked = new Set(config.endpointBlocklist);
    this.#served = servedVersions(config);
    this.#areAllServed = config.v1Enabled && config.v2Enabled;
    const names = dialect.routes.flatMap((route) => [...endpointNames(route)]);
    const hidden = names.filter((name) => name.includes('.consume-') && !this.#serves(name));
    this.#hidesFormats = new Set(hidden.map((name) => name.split('.')[1] ?? ''));
  }

  /** Whether there is anything to look at. */
  get isOpen(): boolean {
    return this.#allowed.size === 0 && this.#blocked.size === 0 && this.#areAllServed;
  }

  /** The answer to a request that is not served; undefined for one that is. */
  refusal(req: IncomingMessage): ApiError | undefined {
    const endpoint = endpointOf(req, this.#served, this.#dialect);
    if (endpoint === undefined) return undefined;
    if (endpoint === 'disabled') return new ApiError('notFound');
    if (this.#serves(endpoint.name)) {
      // Else a format that is blocked could be had by naming none; the answer's own type may be one that names none.
      if (endpoint.isUnspecified && this.#hidesFormats.has(endpoint.route.api))
        req.headers.accept = embeddedTypeOf(endpoint.route.api, endpoint.responseFormat);
      return undefined;
    }
    return new ApiError(endpoint.route.method === 'GET' ? 'notFound' : 'methodNotAllowed');
  }

  /** Whether the name, or that of its kind, is on the list of what is not served. */
  blocks(name: string): boolean {
    return isOn(this.#blocked, name) || isOn(this.#blocked, newerName(name) ?? name);
  }

  #serves(name: string): boolean {
    if (this.#allowed.size > 0 && !isOn(this.#allowed, name)) return false;
    return !this.blocks(name);
  }
}
