import { clusterErrors, commonErrors, errorKinds, openApiDocument, responseSchemas, routes } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { ApiError, errorBody } from '../src/errors.ts';
import { errorSchema } from '../src/responses.ts';

interface Operation {
  operationId: string;
  parameters: { name: string; in: string; required: boolean }[];
  requestBody?: { required: boolean; content: Record<string, { schema: { $ref: string } }> };
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
}
interface Document {
  openapi: string;
  info: unknown;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}

const document = openApiDocument({ title: 'Sluice', version: '1.2.3' }) as unknown as Document;

function operationAt(method: string, template: string): Operation {
  const operation = document.paths[template]?.[method];
  if (operation === undefined) throw new Error(`no operation ${method} ${template}`);
  return operation;
}

describe('the OpenAPI document', () => {
  it('is 3.1 with the given title and version', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Sluice', version: '1.2.3' } });
  });

  it('has one operation for each path and method of the table, with an id of its own', () => {
    const operations = routes.map((route) => operationAt(route.method.toLowerCase(), route.template));
    const pairs = new Set(routes.map((route) => `${route.method} ${route.template}`)).size;
    expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(pairs);
    const count = Object.values(document.paths).reduce((sum, methods) => sum + Object.keys(methods).length, 0);
    expect(count).toBe(pairs);
  });

  it('tells what differs between the versions by their media types', () => {
    const commit = operationAt('post', '/consumers/{group}/instances/{instance}/offsets');
    expect(commit.responses['200']?.content).toMatchObject({
      'application/vnd.kafka.v2+json': { schema: { $ref: '#/components/schemas/CommitResponse' } },
      'application/vnd.kafka.v1+json': { schema: { $ref: '#/components/schemas/V1CommitResponse' } },
      'application/json': { schema: { $ref: '#/components/schemas/V1CommitResponse' } },
    });
  });

  it('leaves out versions that are not served', () => {
    const { paths } = openApiDocument({ title: 'Sluice', version: '1.2.3' }, ['v2']) as unknown as typeof document;
    expect(Object.keys(paths)).not.toContain('/topics/{topic}/partitions/{partition}/messages');
    expect(JSON.stringify(paths)).not.toContain('v1+json');
  });

  it('declares every path parameter of a template, and the query of a read', () => {
    const read = operationAt('get', '/consumers/{group}/instances/{instance}/records');
    expect(read.parameters.map((parameter) => `${parameter.in} ${parameter.name} ${parameter.required}`)).toEqual([
      'path group true',
      'path instance true',
      'query timeout false',
      'query max_bytes false',
    ]);
    for (const route of routes) {
      const { parameters } = operationAt(route.method.toLowerCase(), route.template);
      const inPath = parameters
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => `{${parameter.name}}`);
      expect(inPath).toEqual(route.template.match(/\{\w+\}/g) ?? []);
    }
  });

  it('gives each produce format its own request type', () => {
    const produce = operationAt('post', '/topics/{topic}');
    expect(Object.keys(produce.requestBody?.content ?? {})).toEqual([
      'application/vnd.kafka.binary.v2+json',
      'application/vnd.kafka.json.v2+json',
      'application/vnd.kafka.avro.v2+json',
      'application/vnd.kafka.jsonschema.v2+json',
      'application/vnd.kafka.protobuf.v2+json',
      'application/vnd.kafka.binary.v1+json',
      'application/vnd.kafka.v1+json',
      'application/vnd.kafka+json',
      'application/json',
      'application/octet-stream',
      'application/vnd.kafka.json.v1+json',
      'application/vnd.kafka.avro.v1+json',
    ]);
    expect(produce.requestBody?.required).toBe(true);
  });

  it('shows the errors that the table has for a route, codes and all, and those that all routes have', () => {
    for (const route of routes) {
      const { responses } = operationAt(route.method.toLowerCase(), route.template);
      for (const name of [...commonErrors, ...route.errors, ...clusterErrors]) {
        const { status, code } = errorKinds[name];
        if (!route.statuses.includes(status)) expect(responses[status]?.description).toContain(String(code));
      }
      for (const status of route.statuses) expect(responses).toHaveProperty(String(status));
    }
  });

  it('answers 204 without content', () => {
    expect(operationAt('delete', '/consumers/{group}/instances/{instance}').responses['204']).not.toHaveProperty(
      'content',
    );
  });

  it('refers only to schemas that it has, and has no schema that nothing refers to', () => {
    const text = JSON.stringify(document);
    const references = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]));
    expect(references).toEqual(new Set(Object.keys(document.components.schemas)));
    expect(text).not.toContain('"$schema"');
  });

  it('describes lenient scalars by their real type', () => {
    expect(document.components.schemas['CreateConsumerRequest']).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: { 'fetch.min.bytes': { type: 'integer', format: 'int32' }, name: { type: 'string' } },
    });
  });

  it('is the same, byte for byte, each time', () => {
    const again = openApiDocument({ title: 'Sluice', version: '1.2.3' });
    expect(JSON.stringify(again)).toBe(JSON.stringify(document));
  });
});

describe('response schemas', () => {
  it.each([
    ['BrokerList', { brokers: [1] }],
    ['PartitionOffsets', { beginning_offset: 0, end_offset: 9_007_199_254_740_991 }],
    [
      'ProduceResponse',
      {
        offsets: [{ partition: 1, offset: 0, error_code: null, error: null }],
        key_schema_id: null,
        value_schema_id: null,
      },
    ],
    [
      'ProduceResponse',
      {
        offsets: [{ partition: null, offset: null, error_code: 50003, error: 'x' }],
        key_schema_id: 1,
        value_schema_id: 2,
      },
    ],
    ['ConsumerRecords', [{ topic: 't', key: null, value: { a: 1 }, partition: 0, offset: 5 }]],
    ['CreateConsumerResponse', { instance_id: 'c1', base_uri: 'http://h:8082/consumers/g/instances/c1' }],
    ['CommitResponse', []],
  ] as const)('%s takes what the contract shows: %j', (name, answer) => {
    expect(responseSchemas[name].safeParse(answer).success).toBe(true);
  });

  it.each([
    ['ProduceResponse', { offsets: [{ partition: 1, offset: 0 }], key_schema_id: null, value_schema_id: null }],
    ['ProduceResponse', { offsets: [] }],
    ['CommitResponse', [1]],
    ['BrokerList', { brokers: [1], extra: 1 }],
  ] as const)('%s refuses an answer with a property missing or too many: %j', (name, answer) => {
    expect(responseSchemas[name].safeParse(answer).success).toBe(false);
  });

  it('the error schema takes every error of the registry as it is rendered', () => {
    for (const name of Object.keys(errorKinds) as (keyof typeof errorKinds)[]) {
      expect(errorSchema.safeParse(JSON.parse(errorBody(new ApiError(name)))).success).toBe(true);
    }
  });
});
