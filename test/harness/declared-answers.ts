import {
  commonErrors,
  type Dialect,
  type ErrorName,
  errorKinds,
  matchRoute,
  plainDialect,
  type Route,
  servedPaths,
} from '../../packages/protocol/src/index.ts';

const singleVersions = [['v1'], ['v2']] as const;

/** Status and code of an error: the status alone hides which one it was. */
function named(name: ErrorName, dialect: Dialect): string {
  const { status, code } = dialect.errorOf(name, errorKinds[name]);
  return `${status}/${code}`;
}

function answersOf({ api, statuses, errors }: Route, dialect: Dialect): string[] {
  const words = api === 'v2' ? dialect : plainDialect;
  return [...statuses.map(String), ...[...commonErrors, ...errors].map((name) => named(name, words))];
}

/**
 * What a server that stands alone may answer by the route table, of which `/openapi.json` is made: `200`, or
 * `404/40403` for an error.
 * @param type the answer's Content-Type, which tells by which version of the API it is, if there is one
 */
export function declaredAnswers(
  method: string,
  target: string,
  type?: string,
  dialect: Dialect = plainDialect,
): string[] {
  if (target === '/openapi.json') return ['200'];
  const match = matchRoute(method, target, dialect);
  if (match.kind !== 'match') {
    // Where a version is off, what it alone has is not there.
    const isOfBoth = singleVersions.every(
      (served) => matchRoute(method, target, servedPaths(dialect, served)).kind !== 'notFound',
    );
    return [
      match.kind === 'options' ? '200' : named(match.kind, plainDialect),
      ...(isOfBoth ? [] : [named('notFound', plainDialect)]),
    ];
  }
  const routes = [match.routes.v1, match.routes.v2].filter((route) => route !== undefined);
  const ofType = routes.filter(({ produces }) => produces.some(({ mediaType }) => mediaType === type));
  return (ofType.length > 0 ? ofType : routes).flatMap((route) => answersOf(route, dialect));
}

/** An answer in the same words. A produce response keeps its shape when its status is 401 or 403. */
export function answerName(status: number, body: string): string {
  if (status < 400) return String(status);
  const { error_code: code } = JSON.parse(body) as { error_code?: number };
  return code === undefined ? String(status) : `${status}/${code}`;
}
