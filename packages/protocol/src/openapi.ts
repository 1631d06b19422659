import * as z from 'zod';
import { type ErrorName, errorKinds } from './errors.ts';
import { requestSchemas } from './request-schemas.ts';
import { errorSchema, responseSchemas } from './responses.ts';
import { clusterErrors, commonErrors } from './route-errors.ts';
import { type Route, routes } from './routes.ts';

/** A JSON document; properties stand in a fixed order, so that the same table gives the same bytes. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

interface DocumentInfo {
  readonly title: string;
  readonly version: string;
}

const PARAMETER = /\{(\w+)\}/g;

const parameterTypes: Readonly<Record<string, Json>> = {
  partition: { type: 'integer', format: 'int32' },
};

const queryDescriptions: Readonly<Record<string, string>> = {
  timeout: 'How long to wait for records, in milliseconds; absent or not positive means the default',
  max_bytes: 'How many bytes of keys and values to return at most; absent or not positive means no limit',
};

function componentRef(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** `consumers.seek-to-end` → `consumersSeekToEnd` */
function operationId(route: Route): string {
  return route.operation.replace(/[.-](\w)/g, (_match, letter: string) => letter.toUpperCase());
}

function parametersOf(route: Route): Json[] {
  const path = [...route.template.matchAll(PARAMETER)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: parameterTypes[name] ?? { type: 'string' },
  }));
  const query = (route.query ?? []).map((name) => ({
    name,
    in: 'query',
    required: false,
    description: queryDescriptions[name] ?? name,
    schema: { type: 'integer', format: 'int64' },
  }));
  return [...path, ...query];
}

function contentOf(mediaTypes: readonly string[], schemaName: string): Json {
  const schema = componentRef(schemaName);
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }]));
}

function requestBodyOf(route: Route): Json | undefined {
  if (route.request === undefined || route.consumes === 'anything') return undefined;
  return { required: route.request.required, content: contentOf(route.consumes, route.request.schema) };
}

/** One line a code: `40403 Consumer instance not found.` */
function describeErrors(names: readonly ErrorName[]): string {
  return names.map((name) => `${errorKinds[name].code} ${errorKinds[name].message}`.trim()).join('\n\n');
}

function responsesOf(route: Route): Json {
  const produced = route.produces.map((offer) => offer.mediaType);
  const answers = new Map<number, Json>();
  for (const status of route.statuses) {
    const description = status < 300 ? 'Done' : 'The first record that was refused decides the status';
    const content = route.response === undefined ? {} : { content: contentOf(produced, route.response) };
    answers.set(status, { description, ...content });
  }
  const names = [...new Set([...commonErrors, ...route.errors, ...clusterErrors])];
  for (const name of names) {
    const { status } = errorKinds[name];
    if (answers.has(status)) continue;
    const sameStatus = names.filter((other) => errorKinds[other].status === status);
    answers.set(status, { description: describeErrors(sameStatus), content: contentOf(produced, 'Error') });
  }
  const sorted = [...answers].toSorted(([a], [b]) => a - b);
  return Object.fromEntries(sorted.map(([status, answer]) => [String(status), answer]));
}

function operationOf(route: Route): Json {
  const requestBody = requestBodyOf(route);
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [route.operation.split('.')[0] ?? ''],
    parameters: parametersOf(route),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: responsesOf(route),
  };
}

function pathsOf(table: readonly Route[]): Json {
  const paths = new Map<string, Record<string, Json>>();
  for (const route of table) {
    const operations = paths.get(route.template) ?? {};
    operations[route.method.toLowerCase()] = operationOf(route);
    paths.set(route.template, operations);
  }
  return Object.fromEntries(paths);
}

function componentsOf(): Json {
  const schemas = (group: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output') =>
    Object.entries(group).map(([name, schema]): [string, Json] => {
      const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
      return [name, json as Json];
    });
  return Object.fromEntries([
    ...schemas(requestSchemas, 'input'),
    ...schemas({ ...responseSchemas, Error: errorSchema }, 'output'),
  ]);
}

/** The OpenAPI 3.1 document of the API, made from the route table. */
export function openApiDocument(info: DocumentInfo): Json {
  return {
    openapi: '3.1.0',
    info: { title: info.title, version: info.version },
    paths: pathsOf(routes),
    components: { schemas: componentsOf() },
  };
}
