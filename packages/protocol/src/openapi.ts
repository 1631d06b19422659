import * as z from 'zod';
import { type Dialect, plainDialect } from './dialects/spoken-dialect.ts';
import { type ErrorName, errorKinds } from './errors.ts';
import { requestSchemasOf } from './request-schemas.ts';
import { errorSchema, responseSchemasOf } from './responses.ts';
import type { Route } from './route.ts';
import { clusterErrors, commonErrors } from './route-errors.ts';
import type { ServedVersions } from './version-choice.ts';

/** A JSON document; properties stand in a fixed order, so that the same table gives the same bytes. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

interface DocumentInfo {
  readonly title: string;
  readonly version: string;
}

const PARAMETER = /\{(\w+)\}/g;

const INT64: Json = { type: 'integer', format: 'int64' };

const parameterTypes: Readonly<Record<string, Json>> = {
  partition: { type: 'integer', format: 'int32' },
  timestamp: { type: 'string', format: 'date-time' },
  async: { type: 'boolean' },
};

const queryDescriptions: Readonly<Record<string, string>> = {
  timeout: 'How long to wait for records, in milliseconds; absent or not positive means the default',
  max_bytes: 'How many bytes of keys and values to return at most; absent or not positive means no limit',
  offset: 'Of the first record that is wanted',
  timestamp: 'In place of an offset: the first record of this time or a later one',
  count: 'How many records to return at most (1)',
  async: 'true: answer before Kafka has the records, and tell nobody what became of them',
};

function componentRef(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** `consumers.seek-to-end` → `consumersSeekToEnd`; what v1 alone has says so, since v2 may call something else the same. */
function operationId({ api, operation }: Route): string {
  const name = api === 'v1' ? `v1.${operation}` : operation;
  return name.replace(/[.-](\w)/g, (_match, letter: string) => letter.toUpperCase());
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
    schema: parameterTypes[name] ?? INT64,
  }));
  return [...path, ...query];
}

type Content = readonly (readonly [mediaType: string, schemaName: string])[];

/** Where both versions could take a type, the first one does. */
function contentOf(content: Content): Json {
  const byType = new Map<string, Json>();
  for (const [mediaType, name] of content) {
    if (!byType.has(mediaType)) byType.set(mediaType, { schema: componentRef(name) });
  }
  return Object.fromEntries(byType);
}

const producedBy = ({ produces }: Route, schemaName: string): Content =>
  produces.map(({ mediaType }) => [mediaType, schemaName]);

function requestBodyOf(versions: readonly Route[]): Json | undefined {
  const content = versions.flatMap(
    ({ request, consumes }): Content =>
      request === undefined || consumes === 'anything' ? [] : consumes.map((type) => [type, request.schema]),
  );
  if (content.length === 0) return undefined;
  return { required: versions.every(({ request }) => request?.required === true), content: contentOf(content) };
}

/** One line a code: `40403 Consumer instance not found.` */
function describeErrors(names: readonly ErrorName[], { errorOf }: Dialect): string {
  return names.map((name) => `${errorOf(name, errorKinds[name]).code} ${errorKinds[name].message}`.trim()).join('\n\n');
}

function successOf(status: number, versions: readonly Route[]): Json {
  const description = status < 300 ? 'Done' : 'The first record that was refused decides the status';
  const content = versions.flatMap((route) => (route.response === undefined ? [] : producedBy(route, route.response)));
  return { description, ...(content.length === 0 ? {} : { content: contentOf(content) }) };
}

function responsesOf(versions: readonly Route[], dialect: Dialect): Json {
  const answers = new Map<number, Json>();
  for (const status of versions.flatMap(({ statuses }) => statuses)) answers.set(status, successOf(status, versions));
  const names = [...new Set([...commonErrors, ...versions.flatMap(({ errors }) => errors), ...clusterErrors])];
  for (const name of names) {
    const { status } = errorKinds[name];
    if (answers.has(status)) continue;
    const sameStatus = names.filter((other) => errorKinds[other].status === status);
    const content = contentOf(versions.flatMap((route) => producedBy(route, 'Error')));
    answers.set(status, { description: describeErrors(sameStatus, dialect), content });
  }
  const sorted = [...answers].toSorted(([a], [b]) => a - b);
  return Object.fromEntries(sorted.map(([status, answer]) => [String(status), answer]));
}

/** @param versions the routes of one path and method: what differs between them is told by the media types */
function operationOf(versions: readonly [Route, ...Route[]], dialect: Dialect): Json {
  const [first] = versions;
  const requestBody = requestBodyOf(versions);
  return {
    operationId: operationId(first),
    summary: first.summary,
    tags: [first.operation.split('.')[0] ?? ''],
    parameters: parametersOf(first),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: responsesOf(versions, dialect),
  };
}

function pathsOf(table: readonly Route[], dialect: Dialect): Json {
  const paths = new Map<string, Map<string, [Route, ...Route[]]>>();
  for (const route of table) {
    const operations = paths.get(route.template) ?? new Map<string, [Route, ...Route[]]>();
    const others = operations.get(route.method);
    if (others === undefined) operations.set(route.method, [route]);
    else others.push(route);
    paths.set(route.template, operations);
  }
  return Object.fromEntries(
    [...paths].map(([template, operations]) => [
      template,
      Object.fromEntries(
        [...operations].map(([method, versions]) => [method.toLowerCase(), operationOf(versions, dialect)]),
      ),
    ]),
  );
}

/** Shapes that one dialect alone has; the others are described whether a version that has them is served or not. */
const ofOneDialect: ReadonlySet<string> = new Set([
  'NewTopicRequest',
  'InformationResponse',
  'HealthResponse',
  'OpenApiResponse',
]);

function componentsOf(dialect: Dialect): Json {
  const used = new Set<string | undefined>(
    dialect.routes.flatMap(({ request, response }) => [request?.schema, response]),
  );
  const isHere = (name: string): boolean => !ofOneDialect.has(name) || used.has(name);
  const schemas = (group: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output') =>
    Object.entries(group)
      .filter(([name]) => isHere(name))
      .map(([name, schema]): [string, Json] => {
        const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
        return [name, json as Json];
      });
  return Object.fromEntries([
    ...schemas(requestSchemasOf(dialect), 'input'),
    ...schemas({ ...responseSchemasOf(dialect), Error: errorSchema }, 'output'),
  ]);
}

/**
 * The OpenAPI 3.1 document of the API, made from the route table.
 * @param served the versions that are described
 */
export function openApiDocument(
  info: DocumentInfo,
  served: ServedVersions = ['v2', 'v1'],
  dialect: Dialect = plainDialect,
): Json {
  return {
    openapi: '3.1.0',
    info: { title: info.title, version: info.version },
    paths: pathsOf(
      dialect.routes.filter(({ api }) => served.includes(api)),
      dialect,
    ),
    components: { schemas: componentsOf(dialect) },
  };
}
