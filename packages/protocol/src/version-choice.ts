import {
  negotiateRequest,
  negotiateResponse,
  type RequestNegotiation,
  type ResponseNegotiation,
} from './media-types.ts';
import type { ApiVersion, Route } from './route.ts';

/**
 * Which version of the API a request is for. Both have the same paths for most things, and only the media types tell
 * them apart: a request is the preferred version's wherever that can take its Content-Type and answer its Accept, else
 * the other's if that can. So the two share a server without a word in the URL, and a header that names no version, or
 * no type of v2 or v1 beside a wildcard (what axios sends), means the preferred one.
 * Source: rest-v1-v2 contract C.1, observed (a) and (m).
 */

/** The routes of one path and method. They are the same operation, in the terms of each version. */
export interface RoutesByVersion {
  readonly v1: Route | undefined;
  readonly v2: Route | undefined;
}

/** The versions that a server has, the preferred one first. */
export type ServedVersions = readonly ApiVersion[];

export interface TypeHeaders {
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
}

/** A route, and what the headers mean to it. */
export interface ChosenRoute {
  readonly kind: 'chosen';
  readonly route: Route;
  readonly request: Extract<RequestNegotiation, { kind: 'accepted' }>;
  readonly response: Extract<ResponseNegotiation, { kind: 'accepted' }>;
}

export type RouteChoice =
  | ChosenRoute
  /** This header is not one. */
  | { readonly kind: 'malformed'; readonly header: 'Content-Type' | 'Accept' }
  /** 415, 406 */
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'notAcceptable' }
  /** No version that is served has the path. */
  | { readonly kind: 'notServed' };

const UNSUPPORTED: RouteChoice = { kind: 'unsupported' };
const NOT_ACCEPTABLE: RouteChoice = { kind: 'notAcceptable' };
const NOT_SERVED: RouteChoice = { kind: 'notServed' };

function negotiate(route: Route, { contentType, accept }: TypeHeaders): RouteChoice {
  const request = negotiateRequest(route, contentType);
  const response = negotiateResponse(route, accept);
  if (request.kind === 'malformed') return { kind: 'malformed', header: 'Content-Type' };
  if (response.kind === 'malformed') return { kind: 'malformed', header: 'Accept' };
  if (request.kind === 'unsupported') return UNSUPPORTED;
  return response.kind === 'notAcceptable' ? NOT_ACCEPTABLE : { kind: 'chosen', route, request, response };
}

/** Where no version can serve a request, the preferred one of those that have its path says why. */
export function chooseRoute(routes: RoutesByVersion, headers: TypeHeaders, served: ServedVersions): RouteChoice {
  let refusal: RouteChoice | undefined;
  for (const version of served) {
    const route = routes[version];
    if (route === undefined) continue;
    const choice = negotiate(route, headers);
    if (choice.kind === 'chosen') return choice;
    refusal ??= choice;
  }
  return refusal ?? NOT_SERVED;
}

/**
 * What the headers mean to a route that is taken whatever they say: where they do not fit it, its default types count.
 */
export function impliedRoute(route: Route, headers: TypeHeaders): ChosenRoute {
  const none = undefined;
  for (const contentType of [headers.contentType, none]) {
    for (const accept of [headers.accept, none]) {
      const choice = negotiate(route, { contentType, accept });
      if (choice.kind === 'chosen') return choice;
    }
  }
  throw new Error(`route table: ${route.operation} of ${route.api} has no default types`);
}
