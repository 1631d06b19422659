import {
  chooseRoute,
  impliedRoute,
  matchRoute,
  mediaTypes,
  type RoutesByVersion,
  routes,
  type ServedVersions,
  v1MediaTypes,
} from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

const { v2, json } = mediaTypes;
const { v1, json: v1Json, kafka, plain, octets } = v1MediaTypes;
/** What axios sends when it is not told otherwise. */
const AXIOS = 'application/json, text/plain, */*';
const BOTH: ServedVersions = ['v2', 'v1'];
const OLDER_FIRST: ServedVersions = ['v1', 'v2'];
const INSTANCE = '/consumers/g/instances/i';

function routesOf(line: string): RoutesByVersion {
  const [method = '', target = ''] = line.split(' ');
  const match = matchRoute(method, target);
  if (match.kind !== 'match') throw new Error(`${line} gave ${match.kind}`);
  return match.routes;
}

/** `v2 application/vnd.kafka.v2+json`, or why there is none. */
function choiceOf(line: string, contentType?: string, accept?: string, served = BOTH): string {
  const choice = chooseRoute(routesOf(line), { contentType, accept }, served);
  return choice.kind === 'chosen' ? `${choice.route.api} ${choice.response.mediaType}` : choice.kind;
}

const V2 = `v2 ${v2}`;
const V1 = `v1 ${v1}`;

describe('the version of a request', () => {
  it.each([
    ['GET /topics', undefined, undefined, V2],
    ['GET /topics', undefined, '*/*', V2],
    ['GET /topics', undefined, AXIOS, V2],
    ['GET /topics', undefined, v2, V2],
    ['GET /topics', undefined, v1, V1],
    ['GET /topics', undefined, kafka, `v1 ${kafka}`],
    ['GET /topics', undefined, plain, `v1 ${plain}`],
    ['GET /topics', undefined, `${v1};q=0.8, ${kafka};q=0.9, ${plain};q=0.7`, `v1 ${kafka}`],
    ['GET /topics', undefined, `${v1}, ${v2}`, V2],
    ['GET /topics', plain, undefined, V1],
    ['GET /topics', octets, undefined, V1],
    ['GET /topics', plain, v2, 'unsupported'],
    ['GET /topics', undefined, 'text/plain', 'notAcceptable'],
    ['GET /topics', undefined, octets, 'notAcceptable'],
    ['GET /topics', 'text/plain', undefined, 'unsupported'],
    ['GET /topics', '/', undefined, 'malformed'],
    ['GET /topics', undefined, 'x', 'malformed'],
    ['POST /topics/t', json, undefined, V2],
    ['POST /topics/t', v1Json, undefined, V1],
    ['POST /topics/t', v1Json, AXIOS, V1],
    ['POST /topics/t', plain, undefined, V1],
    ['POST /topics/t', undefined, undefined, V2],
    ['POST /topics/t', json, plain, 'notAcceptable'],
    ['POST /topics/t', v1Json, v2, 'unsupported'],
    ['POST /consumers/g', v1Json, undefined, V1],
    ['POST /consumers/g', v2, undefined, V2],
    ['GET /topics/t/partitions/0/messages', undefined, undefined, `v1 ${v1MediaTypes.binary}`],
    ['GET /topics/t/partitions/0/messages', undefined, AXIOS, `v1 ${v1MediaTypes.binary}`],
    ['GET /topics/t/partitions/0/messages', undefined, plain, `v1 ${plain}`],
    ['GET /topics/t/partitions/0/messages', undefined, json, 'notAcceptable'],
    [`GET ${INSTANCE}/topics/t`, undefined, v1Json, `v1 ${v1Json}`],
    [`GET ${INSTANCE}/records`, undefined, plain, 'notAcceptable'],
    [`POST ${INSTANCE}/subscription`, plain, undefined, 'unsupported'],
  ])('%s, Content-Type %s, Accept %s: %s', (line, contentType, accept, expected) => {
    expect(choiceOf(line, contentType, accept)).toBe(expected);
  });

  it.each([
    ['GET /topics', undefined, undefined, V1],
    ['GET /topics', undefined, '*/*', V1],
    ['GET /topics', undefined, AXIOS, V1],
    ['GET /topics', undefined, v2, V2],
    ['POST /topics/t', undefined, undefined, V1],
    ['POST /topics/t', json, undefined, V2],
    ['POST /topics/t', json, AXIOS, V2],
    [`DELETE ${INSTANCE}`, undefined, undefined, V1],
    [`GET ${INSTANCE}/records`, undefined, undefined, `v2 ${mediaTypes.binary}`],
  ])('where v1 comes first: %s, Content-Type %s, Accept %s: %s', (line, contentType, accept, expected) => {
    expect(choiceOf(line, contentType, accept, OLDER_FIRST)).toBe(expected);
  });

  it.each([
    ['GET /topics', undefined, ['v2'], V2],
    ['GET /topics', plain, ['v2'], 'notAcceptable'],
    ['GET /topics/t/partitions/0/messages', undefined, ['v2'], 'notServed'],
    ['GET /topics', undefined, ['v1'], V1],
    ['GET /topics', v2, ['v1'], 'notAcceptable'],
    [`GET ${INSTANCE}/records`, undefined, ['v1'], 'notServed'],
    ['GET /topics', undefined, [], 'notServed'],
  ] as const)('%s, Accept %s, of %j alone: %s', (line, accept, served, expected) => {
    expect(choiceOf(line, undefined, accept, served)).toBe(expected);
  });
});

describe('a route that is taken whatever the headers say', () => {
  const commit = routesOf(`POST ${INSTANCE}/offsets`);

  it.each([
    [undefined, undefined, v1],
    [undefined, plain, plain],
    [undefined, v2, v1],
    [v2, undefined, v1],
    [v2, kafka, kafka],
    ['text/plain', 'text/plain', v1],
    ['/', 'x', v1],
  ])('answers Content-Type %s, Accept %s with %s', (contentType, accept, expected) => {
    if (commit.v1 === undefined) throw new Error('v1 has no commit');
    expect(impliedRoute(commit.v1, { contentType, accept }).response.mediaType).toBe(expected);
  });

  it('has default types, whichever it is', () => {
    for (const route of routes) expect(impliedRoute(route, { contentType: 'x', accept: 'x' }).route).toBe(route);
  });
});
