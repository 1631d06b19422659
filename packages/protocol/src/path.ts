import { type Dialect, plainDialect } from './dialects/spoken-dialect.ts';
import { ApiError } from './errors.ts';
import { parseInt32 } from './integers.ts';
import type { PathNode, PathParams } from './path-tree.ts';
import type { HttpMethod } from './route.ts';
import type { RoutesByVersion } from './version-choice.ts';

/**
 * The one path parser: workers route with it and the edge finds with it which consumer instance a request is for, so
 * that the two can never disagree. It is on the hot path of every request and uses no regular expression.
 * Which version of the API serves the route it finds is not its business: see `version-choice.ts`.
 * Source: rest-v1-v2 contract A.2, A.3.11 and C.2, observed (d) and (j).
 */

export type RouteMatch =
  | {
      readonly kind: 'match';
      /** What is asked for, in whichever version. */
      readonly operation: string;
      readonly routes: RoutesByVersion;
      readonly params: Readonly<PathParams>;
      /** Without the question mark; empty when there is none. */
      readonly query: string;
      /** HEAD: the route is the one of GET, and the answer goes out without its body. */
      readonly head: boolean;
    }
  /** `allow` is the header's value, for example `HEAD,GET,OPTIONS`. */
  | { readonly kind: 'options'; readonly allow: string }
  | { readonly kind: 'methodNotAllowed'; readonly allow: string }
  | { readonly kind: 'notFound' }
  /** The path is not valid percent-encoded UTF-8. */
  | { readonly kind: 'badRequest' };

const NOT_FOUND: RouteMatch = { kind: 'notFound' };
const BAD_REQUEST: RouteMatch = { kind: 'badRequest' };

/** undefined: not valid percent-encoding, or not valid UTF-8 once decoded. */
function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** The path of a request target: `http://host/path` (what a forward proxy gets) counts as `/path`. */
function pathOf(target: string): string {
  if (target.charCodeAt(0) === 0x2f) return target;
  const authority = target.indexOf('://');
  if (authority < 0) return target;
  const slash = target.indexOf('/', authority + 3);
  return slash < 0 ? '/' : target.slice(slash);
}

/** The node of the path, its parameters filled in; or why there is none. */
function walk(root: PathNode, path: string, params: PathParams, isEncoded: boolean): PathNode | RouteMatch {
  let node = root;
  let start = 1;
  // A single trailing slash is ignored: the walk ends where only that would be left.
  while (start < path.length) {
    let end = path.indexOf('/', start);
    if (end < 0) end = path.length;
    const segment = path.slice(start, end);
    const child = node.children.get(segment);
    if (child !== undefined) {
      node = child;
    } else {
      if (node.parameter === undefined || segment === '') return NOT_FOUND;
      const value = isEncoded ? decodeSegment(segment) : segment;
      if (value === undefined) return BAD_REQUEST;
      params[node.parameter.name] = value;
      node = node.parameter.node;
    }
    start = end + 1;
  }
  return node;
}

/**
 * Finds the route of a request.
 * @param method the request's method, as sent
 * @param target the request target: raw path and query
 * @param dialect whose paths there are; default those of all versions of Confluent
 */
export function matchRoute(
  method: string,
  target: string,
  { paths }: Pick<Dialect, 'paths'> = plainDialect,
): RouteMatch {
  const url = pathOf(target);
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  if (path.charCodeAt(0) !== 0x2f) return NOT_FOUND;
  const isEncoded = path.includes('%');
  // Malformed encoding is malformed HTTP, known path or not: Jetty refuses it before anybody looks for a route.
  if (isEncoded && decodeSegment(path) === undefined) return BAD_REQUEST;

  const params: PathParams = { topic: '', partition: '', group: '', instance: '' };
  const node = walk(paths, path, params, isEncoded);
  if ('kind' in node) return node;
  if (node.byMethod.size === 0) return NOT_FOUND;
  if (method === 'OPTIONS') return { kind: 'options', allow: node.allow };
  const head = method === 'HEAD';
  const endpoint = node.byMethod.get((head ? 'GET' : method) as HttpMethod);
  if (endpoint === undefined) return { kind: 'methodNotAllowed', allow: node.allow };
  const { operation, routes: found } = endpoint;
  return {
    kind: 'match',
    operation,
    routes: found,
    params,
    query: mark < 0 ? '' : url.slice(mark + 1),
    head,
  };
}

/**
 * The partition of a matched path.
 * @throws ApiError notFound when it is not a 32-bit integer (contract A.3.11)
 */
export function partitionParam(params: Readonly<PathParams>): number {
  const partition = parseInt32(params.partition);
  if (partition === undefined) throw new ApiError('notFound');
  return partition;
}
