import {
  ApiError,
  allRoutes,
  chooseRoute,
  type Dialect,
  dialectOf,
  endpointNames,
  errorKinds,
  matchRoute,
  openApiDocument,
  plainDialect,
  type Route,
  routes,
} from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

const off = { name: 'confluent', lenientTypes: false, headers: false, timestamps: false } as const;
const strimzi = dialectOf({ ...off, name: 'strimzi' });
const karapace = dialectOf({ ...off, name: 'karapace' });
const lenient = dialectOf({ ...off, lenientTypes: true });

const keyOf = ({ api, method, template }: Route): string => `${api} ${method} ${template}`;

/** What a dialect has that Confluent has not, or has otherwise. */
function differences(dialect: Dialect): string[] {
  return dialect.routes.filter((route) => !plainDialect.routes.includes(route)).map(keyOf);
}

describe('a dialect', () => {
  it('is Confluent’s without switches, row by row', () => {
    expect(dialectOf(off).routes.map((route, i) => route === routes[i])).not.toContain(false);
    expect(dialectOf(off)).toMatchObject({ name: 'confluent', commitStep: 1, hasHeaders: false, hasTimestamps: false });
    const document = JSON.stringify(openApiDocument({ title: 't', version: 'v' }));
    expect(JSON.stringify(openApiDocument({ title: 't', version: 'v' }, ['v2', 'v1'], dialectOf(off)))).toBe(document);
  });

  it('of Strimzi changes these rows of v2 and none of v1', () => {
    expect(differences(strimzi)).toEqual([
      'v2 GET /',
      'v2 POST /topics/{topic}',
      'v2 POST /topics/{topic}/partitions/{partition}',
      'v2 GET /topics/{topic}/partitions/{partition}/records',
      'v2 GET /consumers/{group}/instances/{instance}/records',
      'v2 POST /consumers/{group}/instances/{instance}/offsets',
      'v2 POST /admin/topics',
      'v2 GET /healthy',
      'v2 GET /ready',
      'v2 GET /openapi',
      'v2 GET /openapi/v3',
    ]);
  });

  it('of Karapace takes other types on each row of v2, and none of v1 is touched', () => {
    expect(differences(karapace).filter((key) => !key.startsWith('v2'))).toEqual([]);
    expect(karapace.routes.map(keyOf)).toEqual([
      ...routes.filter(({ api }) => api === 'v2').map(keyOf),
      'v2 GET /_health',
      ...routes.filter(({ api }) => api === 'v1').map(keyOf),
    ]);
  });

  it('names endpoints that lists may hold', () => {
    const names = new Set(allRoutes.flatMap((route) => [...endpointNames(route)]));
    for (const name of [
      'api.v2.admin.create-topic',
      'api.v2.health.ready',
      'api.v2.produce-to-topic.text',
      'api.v2.consumers.consume-text',
    ]) {
      expect(names).toContain(name);
    }
  });

  it.each([
    ['confluent', 404, 40_403],
    ['karapace', 404, 40_401],
    ['strimzi', 404, 404],
  ] as const)('of %s has its own code for a missing topic', (name, status, code) => {
    const { errorOf, errorBody } = dialectOf({ ...off, name });
    expect(errorOf('unknownTopicOrPartition', errorKinds.unknownTopicOrPartition)).toMatchObject({ status, code });
    expect(errorBody(new ApiError('unknownTopicOrPartition', { message: 'm' }))).toBe(
      `{"error_code":${code},"message":"m"}`,
    );
  });

  it('adds no path to another one', () => {
    for (const path of ['/admin/topics', '/healthy', '/ready', '/openapi', '/openapi/v3', '/_health']) {
      expect(matchRoute('GET', path).kind).toBe('notFound');
    }
    expect(matchRoute('POST', '/admin/topics/', strimzi)).toMatchObject({ operation: 'admin.create-topic' });
    expect(matchRoute('GET', '/admin/topics', strimzi).kind).toBe('methodNotAllowed');
    expect(matchRoute('GET', '/healthy', karapace).kind).toBe('notFound');
    expect(matchRoute('HEAD', '/_health', karapace)).toMatchObject({ operation: 'health.get', head: true });
  });
});

function referencesIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => (name === '$ref' ? [String(value)] : referencesIn(value)));
}

describe('the OpenAPI document of a dialect', () => {
  it.each([
    ['strimzi', strimzi],
    ['karapace', karapace],
    ['lenient types', lenient],
  ])('of %s has each route, and all that it refers to', (_name, dialect) => {
    const document = openApiDocument({ title: 't', version: 'v' }, ['v2', 'v1'], dialect) as unknown as {
      paths: Record<string, Record<string, { operationId: string }>>;
      components: { schemas: Record<string, unknown> };
    };
    const pairs = new Set(dialect.routes.map(({ method, template }) => `${method} ${template}`));
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId }]) => [`${method.toUpperCase()} ${path}`, operationId]),
    );
    expect(new Set(operations.map(([pair]) => pair))).toEqual(pairs);
    expect(new Set(operations.map(([, id]) => id)).size).toBe(operations.length);
    const names = referencesIn(document).map((reference) => reference.replace('#/components/schemas/', ''));
    expect(names.filter((name) => document.components.schemas[name] === undefined)).toEqual([]);
  });

  it('says which fields records have', () => {
    const fieldsOf = (dialect: Dialect) => {
      const { components } = openApiDocument({ title: 't', version: 'v' }, ['v2'], dialect) as unknown as {
        components: {
          schemas: Record<
            string,
            { items?: { properties: object }; properties?: { records: { items: { properties: object } } } }
          >;
        };
      };
      const { ProduceRequest: written, ConsumerRecords: read } = components.schemas;
      return [
        Object.keys(written?.properties?.records.items.properties ?? {}),
        Object.keys(read?.items?.properties ?? {}),
      ];
    };
    expect(fieldsOf(plainDialect)).toEqual([
      ['key', 'value', 'partition'],
      ['topic', 'key', 'value', 'partition', 'offset'],
    ]);
    expect(fieldsOf(dialectOf({ ...off, headers: true }))).toEqual([
      ['key', 'value', 'partition', 'headers'],
      ['topic', 'key', 'value', 'partition', 'offset', 'headers'],
    ]);
    expect(fieldsOf(strimzi)).toEqual([
      ['key', 'value', 'partition', 'headers', 'timestamp'],
      ['topic', 'key', 'value', 'partition', 'offset', 'timestamp', 'headers'],
    ]);
  });
});

/** By whom a request is served, and how its types are understood. */
function chosen(dialect: Dialect, line: string, contentType?: string, accept?: string): unknown {
  const [method = '', path = ''] = line.split(' ');
  const match = matchRoute(method, path, dialect);
  if (match.kind !== 'match') return match.kind;
  const choice = chooseRoute(match.routes, { contentType, accept }, ['v2', 'v1']);
  if (choice.kind !== 'chosen') return choice.kind;
  const { route, request, response } = choice;
  return [route.api, request.format, response.mediaType, response.unspecified];
}

const PLAIN = 'application/json';
const V2 = 'application/vnd.kafka.v2+json';
const JSON_V2 = 'application/vnd.kafka.json.v2+json';
const V1_JSON = 'application/vnd.kafka.json.v1+json';
const PRODUCE = 'POST /topics/t';
const READ = 'GET /consumers/g/instances/i/records';

describe('types', () => {
  it.each([
    [
      PRODUCE,
      PLAIN,
      PLAIN,
      ['v1', 'binary', PLAIN, false],
      ['v2', 'binary', PLAIN, true],
      ['v2', 'binary', PLAIN, true],
    ],
    [
      PRODUCE,
      V1_JSON,
      undefined,
      ['v1', 'json', 'application/vnd.kafka.v1+json', true],
      ['v1', 'json', 'application/vnd.kafka.v1+json', true],
      ['v2', 'json', V2, true],
    ],
    [PRODUCE, undefined, undefined, ['v2', 'binary', V2, true], ['v2', 'binary', V2, true], ['v2', 'json', V2, true]],
    [PRODUCE, V2, V2, 'unsupported', ['v2', 'binary', V2, false], ['v2', 'binary', V2, false]],
    ['GET /topics', JSON_V2, JSON_V2, 'unsupported', ['v2', 'json', JSON_V2, false], ['v2', 'json', JSON_V2, false]],
    [READ, undefined, PLAIN, 'notAcceptable', ['v2', 'binary', PLAIN, true], ['v2', 'binary', PLAIN, true]],
    [
      READ,
      undefined,
      JSON_V2,
      ['v2', 'binary', JSON_V2, false],
      ['v2', 'binary', JSON_V2, false],
      ['v2', 'binary', JSON_V2, false],
    ],
    [READ, undefined, 'text/plain', 'notAcceptable', 'notAcceptable', 'notAcceptable'],
    [PRODUCE, 'text/plain', undefined, 'unsupported', 'unsupported', 'unsupported'],
  ])(
    '%s %s, Accept %s: strictly, leniently, in Karapace’s dialect',
    (...[line, type, accept, strictly, leniently, ofKarapace]) => {
      expect(chosen(plainDialect, line, type, accept)).toEqual(strictly);
      expect(chosen(lenient, line, type, accept)).toEqual(leniently);
      expect(chosen(karapace, line, type, accept)).toEqual(ofKarapace);
    },
  );

  it('that were taken before mean what they meant', () => {
    const types = [...new Set(routes.flatMap(({ produces }) => produces.map(({ mediaType }) => mediaType)))];
    for (const route of routes) {
      const line = `${route.method} ${route.template.replaceAll(/\{\w+\}/g, '0')}`;
      for (const contentType of [undefined, ...types]) {
        for (const accept of [undefined, '*/*', ...types]) {
          const before = chosen(plainDialect, line, contentType, accept);
          if (Array.isArray(before) && before[0] === 'v2') {
            expect([line, contentType, accept, chosen(lenient, line, contentType, accept)]).toEqual([
              line,
              contentType,
              accept,
              before,
            ]);
          }
        }
      }
    }
  });
});
