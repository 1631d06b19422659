import {
  endpointName,
  endpointNames,
  matchRoute,
  partitionParam,
  plainDialect,
  type RouteMatch,
  routes,
  servedPaths,
} from '@sluice/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

function matched(method: string, target: string): Extract<RouteMatch, { kind: 'match' }> {
  const match = matchRoute(method, target);
  if (match.kind !== 'match') throw new Error(`${method} ${target} gave ${match.kind}`);
  return match;
}

const INSTANCE = '/consumers/g/instances/i';

describe('the route table', () => {
  it('has the 23 method and path pairs of the contract, each once', () => {
    const contract = routes.filter(({ api, isAddition }) => api === 'v2' && isAddition !== true);
    const pairs = contract.map((route) => `${route.method} ${route.template}`);
    expect(pairs).toHaveLength(23);
    expect(new Set(pairs).size).toBe(23);
    expect(new Set(contract.map((route) => route.operation)).size).toBe(23);
    expect(new Set(routes.map((route) => `${route.api} ${route.operation}`)).size).toBe(routes.length);
  });

  it('has the 14 pairs of v1, and calls what both versions have the same', () => {
    const older = routes.filter(({ api }) => api === 'v1');
    expect(new Set(older.map((route) => `${route.method} ${route.template}`)).size).toBe(14);
    expect(older).toHaveLength(14);
    for (const { method, template } of routes) {
      const both = routes.filter((route) => route.method === method && route.template === template);
      expect(new Set(both.map(({ operation }) => operation)).size).toBe(1);
    }
  });

  it('names endpoints as the allow and block lists do', () => {
    const names = routes.map((route) => endpointName(route, 'jsonschema'));
    expect(names).toContain('api.v2.topics.list');
    expect(names).toContain('api.v2.partitions.get-offsets');
    expect(names).toContain('api.v2.produce-to-partition.json-schema');
    expect(names).toContain('api.v2.consumers.consume-json-schema');
    expect(names).toContain('api.v2.consumers.seek-to-offset');
    expect(names).toContain('api.v1.topics.list');
  });

  it('has an endpoint for each format of a route, and none for those that it does not know', () => {
    const names = routes.flatMap((route) => [...endpointNames(route)]);
    expect(names).toContain('api.v1.consumers.consume-avro');
    expect(names).toContain('api.v1.partitions.consume-binary');
    expect(names).not.toContain('api.v1.produce-to-topic.json-schema');
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a path', () => {
  it.each([
    ['GET', '/', 'root.get'],
    ['POST', '/', 'root.post'],
    ['GET', '/brokers', 'brokers.list'],
    ['GET', '/topics', 'topics.list'],
    ['GET', '/topics/t', 'topics.get'],
    ['POST', '/topics/t', 'produce-to-topic'],
    ['GET', '/topics/t/partitions', 'partitions.list'],
    ['GET', '/topics/t/partitions/0', 'partitions.get'],
    ['POST', '/topics/t/partitions/0', 'produce-to-partition'],
    ['GET', '/topics/t/partitions/0/offsets', 'partitions.get-offsets'],
    ['POST', '/consumers/g', 'consumers.create'],
    ['DELETE', INSTANCE, 'consumers.delete'],
    ['POST', `${INSTANCE}/subscription`, 'consumers.subscribe'],
    ['GET', `${INSTANCE}/subscription`, 'consumers.get-subscription'],
    ['DELETE', `${INSTANCE}/subscription`, 'consumers.unsubscribe'],
    ['GET', `${INSTANCE}/records`, 'consumers.consume'],
    ['POST', `${INSTANCE}/offsets`, 'consumers.commit-offsets'],
    ['GET', `${INSTANCE}/offsets`, 'consumers.get-committed-offsets'],
    ['POST', `${INSTANCE}/positions/beginning`, 'consumers.seek-to-beginning'],
    ['POST', `${INSTANCE}/positions/end`, 'consumers.seek-to-end'],
    ['POST', `${INSTANCE}/positions`, 'consumers.seek-to-offset'],
    ['POST', `${INSTANCE}/assignments`, 'consumers.assign'],
    ['GET', `${INSTANCE}/assignments`, 'consumers.get-assignments'],
    ['GET', '/topics/t/partitions/0/messages', 'partitions.consume'],
    ['GET', `${INSTANCE}/topics/t`, 'consumers.consume'],
  ])('%s %s is %s, with a trailing slash and a query as well', (method, path, operation) => {
    expect(matched(method, path).operation).toBe(operation);
    expect(matched(method, `${path}?timeout=1`).operation).toBe(operation);
    if (path !== '/') expect(matched(method, `${path}/`).operation).toBe(operation);
  });

  it('gives its parameters and its query', () => {
    const match = matched('GET', `${INSTANCE}/records?timeout=5&max_bytes=`);
    expect(match.params).toEqual({ topic: '', partition: '', group: 'g', instance: 'i' });
    expect(match.query).toBe('timeout=5&max_bytes=');
  });

  it('decodes its parameters after splitting, so that an encoded slash stays inside its segment', () => {
    const match = matched('GET', '/consumers/a%2Fb/instances/c%20d%E2%82%AC+%25/records');
    expect(match.params.group).toBe('a/b');
    expect(match.params.instance).toBe('c d€+%');
  });

  it('passes NUL and control characters on, decoded', () => {
    expect(matched('GET', '/topics/a%00b%1f').params.topic).toBe('a\0b\u001f');
  });

  it.each([
    '/topics/%zz',
    '/topics/%',
    '/topics/%f',
    '/topics/%ff',
    '/topics/%c0%80',
    '/nope/%zz',
    '/topics/%ed%a0%80',
  ])('%s is malformed', (path) => {
    expect(matchRoute('GET', path)).toEqual({ kind: 'badRequest' });
  });

  it.each([
    '//topics',
    '/topics//',
    '/topics//partitions',
    '/Topics',
    '/consumers',
    '/consumers/g/instances',
    '/consumers//instances/i/records',
    '/v3',
    '/v3/',
    '/topics/t/partitions/0/offsets/x',
    '/nope',
    '*',
    '',
    'topics',
  ])('%j is not found', (path) => {
    expect(matchRoute('GET', path)).toEqual({ kind: 'notFound' });
  });

  it('is found in an absolute request target', () => {
    expect(matched('GET', 'http://example.org:99/topics/t?x=1')).toMatchObject({
      params: { topic: 't' },
      query: 'x=1',
    });
    expect(matched('GET', 'http://example.org').operation).toBe('root.get');
  });
});

describe('a method', () => {
  it('HEAD is GET without the body', () => {
    expect(matched('HEAD', '/topics')).toMatchObject({ head: true, operation: 'topics.list' });
    expect(matched('GET', '/topics').head).toBe(false);
  });

  it('HEAD where there is no GET is not allowed', () => {
    expect(matchRoute('HEAD', '/consumers/g')).toEqual({ kind: 'methodNotAllowed', allow: 'POST,OPTIONS' });
  });

  it('OPTIONS tells what a path allows', () => {
    expect(matchRoute('OPTIONS', '/topics')).toEqual({ kind: 'options', allow: 'HEAD,GET,OPTIONS' });
    expect(matchRoute('OPTIONS', '/topics/t')).toEqual({ kind: 'options', allow: 'HEAD,GET,POST,OPTIONS' });
    expect(matchRoute('OPTIONS', `${INSTANCE}/subscription`)).toEqual({
      kind: 'options',
      allow: 'POST,HEAD,GET,DELETE,OPTIONS',
    });
    expect(matchRoute('OPTIONS', '*')).toEqual({ kind: 'notFound' });
    expect(matchRoute('OPTIONS', '/nope')).toEqual({ kind: 'notFound' });
  });

  it('is there if a version has it that is served', () => {
    const v1 = servedPaths(plainDialect, ['v1']);
    const allowed = (path: string) => matchRoute('OPTIONS', path, v1);
    expect(allowed('/topics/t/partitions/0/messages')).toEqual({ kind: 'options', allow: 'HEAD,GET,OPTIONS' });
    expect(allowed('/topics/t/partitions/0/records')).toEqual({ kind: 'notFound' });
    expect(allowed(`${INSTANCE}/offsets`)).toEqual({ kind: 'options', allow: 'POST,OPTIONS' });
    expect(matchRoute('GET', `${INSTANCE}/offsets`, v1)).toEqual({ kind: 'methodNotAllowed', allow: 'POST,OPTIONS' });
    expect(matchRoute('GET', '/topics', servedPaths(plainDialect, []))).toEqual({ kind: 'notFound' });
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'TRACE', 'get', 'PROPFIND', '__proto__'])(
    '%s is not allowed on a topic',
    (method) => {
      expect(matchRoute(method, '/topics/t')).toEqual({ kind: 'methodNotAllowed', allow: 'HEAD,GET,POST,OPTIONS' });
    },
  );

  it('is looked at only once the path is known', () => {
    expect(matchRoute('PUT', '/nope')).toEqual({ kind: 'notFound' });
    expect(matchRoute('GET', '/consumers/g')).toMatchObject({ kind: 'methodNotAllowed' });
    expect(matchRoute('GET', INSTANCE)).toMatchObject({ kind: 'methodNotAllowed' });
  });
});

describe('the partition of a path', () => {
  it.each([
    ['0', 0],
    ['+7', 7],
    ['-1', -1],
    ['0000000000012', 12],
    ['2147483647', 2_147_483_647],
    ['-2147483648', -2_147_483_648],
  ])('%s is a 32-bit integer', (text, expected) => {
    expect(partitionParam(matched('GET', `/topics/t/partitions/${text}`).params)).toBe(expected);
  });

  it.each(['abc', '2147483648', '-2147483649', '1.0', '1e3', '0x1', '%201', '-', '99999999999999999999'])(
    '%s is not, and answers 404',
    (text) => {
      const { params } = matched('GET', `/topics/t/partitions/${text}`);
      expect(() => partitionParam(params)).toThrow(expect.objectContaining({ status: 404, code: 404 }) as Error);
    },
  );
});

describe('path parsing as a rule', () => {
  it('gives back any group and instance that were encoded into the path', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(name, name, (group, instance) => {
        const path = `/consumers/${encodeURIComponent(group)}/instances/${encodeURIComponent(instance)}/records`;
        expect(matched('GET', path).params).toMatchObject({ group, instance });
      }),
    );
  });

  it('never throws, whatever method and target come in', () => {
    fc.assert(
      fc.property(fc.string(), fc.oneof(fc.string(), fc.webPath(), fc.webUrl()), (method, target) => {
        expect(matchRoute(method, target).kind).toMatch(/^(match|notFound|badRequest|options|methodNotAllowed)$/);
      }),
    );
  });
});
