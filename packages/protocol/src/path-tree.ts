import type { ApiVersion, HttpMethod, Route } from './route.ts';
import type { RoutesByVersion } from './version-choice.ts';

/** Percent-decoded path parameters; one that the route does not have is the empty string. */
export interface PathParams {
  topic: string;
  /** As sent: `partitionParam` makes it a number. */
  partition: string;
  group: string;
  instance: string;
}

/** What a path segment can lead to. */
export interface PathNode {
  readonly children: Map<string, PathNode>;
  parameter: { readonly name: keyof PathParams; readonly node: PathNode } | undefined;
  readonly byMethod: Map<HttpMethod, Endpoint>;
  allow: string;
}

interface Endpoint {
  readonly operation: string;
  readonly routes: RoutesByVersion;
}

const paramNames: Readonly<Record<keyof PathParams, true>> = {
  topic: true,
  partition: true,
  group: true,
  instance: true,
};

function isParamName(name: string): name is keyof PathParams {
  return Object.hasOwn(paramNames, name);
}

function newNode(): PathNode {
  return { children: new Map(), parameter: undefined, byMethod: new Map(), allow: '' };
}

function childFor(node: PathNode, segment: string): PathNode {
  if (segment.startsWith('{')) {
    const name = segment.slice(1, -1);
    if (!isParamName(name)) throw new Error(`route table: unknown path parameter ${segment}`);
    node.parameter ??= { name, node: newNode() };
    if (node.parameter.name !== name)
      throw new Error(`route table: ${segment} stands where ${node.parameter.name} does`);
    return node.parameter.node;
  }
  let child = node.children.get(segment);
  if (child === undefined) node.children.set(segment, (child = newNode()));
  return child;
}

function allowOf(methods: ReadonlyMap<HttpMethod, Endpoint>): string {
  const names = [...methods.keys()].flatMap((method) => (method === 'GET' ? ['HEAD', 'GET'] : [method]));
  return [...names, 'OPTIONS'].join(',');
}

function withRoute(before: Endpoint | undefined, route: Route): Endpoint {
  const { operation, template, api } = route;
  if (before !== undefined && before.operation !== operation) {
    throw new Error(`route table: ${route.method} ${template} is ${operation} and ${before.operation}`);
  }
  const none: Record<ApiVersion, undefined> = { v1: undefined, v2: undefined };
  return { operation, routes: { ...(before?.routes ?? none), [api]: route } };
}

/** The table of routes by path. @throws Error for one that contradicts itself */
export function buildPaths(table: readonly Route[]): PathNode {
  const root = newNode();
  for (const route of table) {
    let node = root;
    for (const segment of route.template.split('/').slice(1)) {
      if (segment !== '') node = childFor(node, segment);
    }
    node.byMethod.set(route.method, withRoute(node.byMethod.get(route.method), route));
    node.allow = allowOf(node.byMethod);
  }
  return root;
}
