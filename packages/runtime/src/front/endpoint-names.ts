import { allRoutes, endpointNames } from '@sluice/protocol';

/** Those of single endpoints, of whichever dialect. */
const methodNames: ReadonlySet<string> = new Set(allRoutes.flatMap((route) => [...endpointNames(route)]));
const names: ReadonlySet<string> = new Set([...methodNames, ...[...methodNames].map(classOf)]);
const served: ReadonlySet<string> = new Set(allRoutes.map(({ api }) => api));

/** The name that stands for an endpoint together with those of its kind: `api.v2.topics.*` (contract A.2). */
export function classOf(name: string): string {
  return name.replace(/^((?:[^.]+\.){3}).*$/, '$1*');
}

/**
 * What v2 calls an endpoint of v1, which is another way to the same: whoever closed that, or set its price, with a list
 * from before there was a v1 here, meant both.
 * @returns undefined for a name that is not of v1
 */
export function newerName(name: string): string | undefined {
  if (!name.startsWith('api.v1.')) return undefined;
  return name.replace('api.v1.', 'api.v2.').replace('.partitions.consume-', '.partitions.read-');
}

/** What is wrong with a name on a list of endpoints, as the end of a sentence; those of other APIs may stand there. */
export function endpointNameProblem(name: string): string | undefined {
  const api = /^api\.(v\d+)\../.exec(name)?.[1];
  if (names.has(name) || (api !== undefined && !served.has(api))) return undefined;
  return `names '${name}', which is no endpoint`;
}
