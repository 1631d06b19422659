import { commonErrors, type ErrorName, errorKinds, matchRoute } from '../../packages/protocol/src/index.ts';

/** Status and code of an error: the status alone hides which one it was. */
function named(name: ErrorName): string {
  const { status, code } = errorKinds[name];
  return `${status}/${code}`;
}

/**
 * What a server that stands alone may answer by the route table, of which `/openapi.json` is made: `200`, or
 * `404/40403` for an error.
 */
export function declaredAnswers(method: string, target: string): string[] {
  if (target === '/openapi.json') return ['200'];
  const match = matchRoute(method, target);
  if (match.kind === 'options') return ['200'];
  if (match.kind !== 'match') return [named(match.kind)];
  return [...match.route.statuses.map(String), ...[...commonErrors, ...match.route.errors].map(named)];
}

/** An answer in the same words. A produce response keeps its shape when its status is 401 or 403. */
export function answerName(status: number, body: string): string {
  if (status < 400) return String(status);
  const { error_code: code } = JSON.parse(body) as { error_code?: number };
  return code === undefined ? String(status) : `${status}/${code}`;
}
