import type { Route } from '../route.ts';

type Changes = Readonly<Record<string, (route: Route) => Route>>;

/**
 * The rows, of which those are changed that are named by their operations.
 * @throws Error for one that there is none of
 */
export function withChanges(rows: readonly Route[], changes: Changes): Route[] {
  const operations = new Set(rows.map(({ operation }) => operation));
  for (const operation of Object.keys(changes)) {
    if (!operations.has(operation)) throw new Error(`route table: a dialect changes ${operation}, which is not there`);
  }
  return rows.map((route) => changes[route.operation]?.(route) ?? route);
}

/** The row answered without a body. */
export function withoutBody({ response: _none, ...route }: Route): Route {
  return { ...route, statuses: [204] };
}
