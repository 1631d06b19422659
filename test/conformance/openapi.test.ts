import { describe, expect, it } from 'vitest';
import { routes } from '../../packages/protocol/src/index.ts';
import { useProxy } from '../harness/proxy.ts';

/** `GET /openapi.json`: the description of the API by the API, held to the OpenAPI Specification 3.1. */

const proxy = useProxy();

type Node = Readonly<Record<string, unknown>>;

async function served(): Promise<Node> {
  const answer = await proxy.http.call('GET', '/openapi.json');
  expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({
    status: 200,
    type: 'application/json',
  });
  return answer.json() as Node;
}

/** Fields of the specification's objects, as far as an API without security, links and callbacks can have them. */
const FIELDS: Readonly<Record<string, { readonly required: readonly string[]; readonly allowed: readonly string[] }>> =
  {
    document: {
      required: ['openapi', 'info', 'paths'],
      allowed: ['jsonSchemaDialect', 'servers', 'webhooks', 'components', 'security', 'tags', 'externalDocs'],
    },
    info: {
      required: ['title', 'version'],
      allowed: ['summary', 'description', 'termsOfService', 'contact', 'license'],
    },
    operation: {
      required: ['operationId', 'responses'],
      allowed: ['tags', 'summary', 'description', 'parameters', 'requestBody', 'deprecated', 'servers'],
    },
    parameter: {
      required: ['name', 'in', 'schema'],
      allowed: ['description', 'required', 'deprecated', 'style', 'explode', 'example'],
    },
    requestBody: { required: ['content'], allowed: ['description', 'required'] },
    response: { required: ['description'], allowed: ['headers', 'content', 'links'] },
    mediaType: { required: ['schema'], allowed: ['example', 'examples', 'encoding'] },
    components: {
      required: [],
      allowed: ['schemas', 'responses', 'parameters', 'examples', 'requestBodies', 'headers', 'pathItems'],
    },
  };

function expectObject(kind: string, node: unknown, where: string): Node {
  const fields = FIELDS[kind];
  if (fields === undefined) throw new Error(`no fields of ${kind}`);
  expect(node, where).toBeInstanceOf(Object);
  const names = Object.keys(node as object);
  expect(names, where).toEqual(expect.arrayContaining([...fields.required]));
  expect(
    names.filter((name) => !fields.required.includes(name) && !fields.allowed.includes(name)),
    where,
  ).toEqual([]);
  return node as Node;
}

const entries = (node: unknown): [string, unknown][] => Object.entries(node ?? {});

function expectContent(content: unknown, where: string): void {
  for (const [mediaType, node] of entries(content)) {
    expect(mediaType, where).toMatch(/^[\w.+-]+\/[\w.+-]+$/);
    expectObject('mediaType', node, `${where} ${mediaType}`);
  }
}

function expectParameters(operation: Node, path: string, where: string): void {
  const parameters = (operation['parameters'] ?? []) as Node[];
  for (const parameter of parameters) {
    expectObject('parameter', parameter, where);
    expect(['path', 'query', 'header', 'cookie'], where).toContain(parameter['in']);
    if (parameter['in'] === 'path') expect(parameter['required'], where).toBe(true);
  }
  const keys = parameters.map((parameter) => `${String(parameter['in'])} ${String(parameter['name'])}`);
  expect(new Set(keys).size, where).toBe(keys.length);
  const templated = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `path ${name}`);
  expect(
    keys.filter((key) => key.startsWith('path ')),
    where,
  ).toEqual(templated);
}

function expectOperation(path: string, method: string, node: unknown): void {
  const where = `${method} ${path}`;
  expect(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'], where).toContain(method);
  const operation = expectObject('operation', node, where);
  expectParameters(operation, path, where);
  if (operation['requestBody'] !== undefined) {
    expectContent(expectObject('requestBody', operation['requestBody'], where)['content'], where);
  }
  const responses = entries(operation['responses']);
  expect(responses.length, where).toBeGreaterThan(0);
  for (const [status, response] of responses) {
    expect(status, where).toMatch(/^([1-5](\d\d|XX)|default)$/);
    expectContent(expectObject('response', response, `${where} ${status}`)['content'], `${where} ${status}`);
  }
}

function at(document: Node, pointer: string): unknown {
  let node: unknown = document;
  for (const token of pointer.slice(2).split('/')) {
    node = (node as Node)[token.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return node;
}

function referencesIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) =>
    name === '$ref' && typeof value === 'string' ? [value] : referencesIn(value),
  );
}

describe('/openapi.json', () => {
  it('is an OpenAPI 3.1 document by every rule that applies to it', async () => {
    const document = expectObject('document', await served(), 'the document');
    expect(document['openapi']).toMatch(/^3\.1\.\d+$/);
    expectObject('info', document['info'], 'info');
    expectObject('components', document['components'], 'components');
    for (const [path, item] of entries(document['paths'])) {
      expect(path).toMatch(/^\//);
      for (const [method, operation] of entries(item)) expectOperation(path, method, operation);
    }
  });

  it('gives each operation an id of its own', async () => {
    const { paths } = await served();
    const operations = entries(paths).flatMap(([, item]) => entries(item).map(([, operation]) => operation as Node));
    expect(new Set(operations.map((operation) => operation['operationId'])).size).toBe(operations.length);
  });

  it('refers only to what it holds', async () => {
    const document = await served();
    const references = new Set(referencesIn(document));
    expect(references.size).toBeGreaterThan(0);
    for (const reference of references) expect(at(document, reference), reference).toBeInstanceOf(Object);
  });

  it('has the paths and methods of the route table, and no other', async () => {
    const { paths } = await served();
    const documented = entries(paths).flatMap(([path, item]) =>
      entries(item).map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    const pairs = new Set(routes.map((route) => `${route.method} ${route.template}`));
    expect(documented.toSorted()).toEqual([...pairs].toSorted());
  });
});
