import { plainDialect } from './dialects/spoken-dialect.ts';
import { type EmbeddedFormat, embeddedFormatOf } from './media-types.ts';
import type { Route } from './route.ts';

/**
 * THE table of routes: routing, content negotiation, endpoint lists, metrics labels and the OpenAPI document are all
 * made from it. Where both versions have a path and a method, `version-choice.ts` says whose route a request takes. This is
 * Confluent's; a server has that of its dialect.
 */
export const routes: readonly Route[] = plainDialect.routes;

const endpointSuffixes: Readonly<Record<EmbeddedFormat, string>> = {
  binary: 'binary',
  json: 'json',
  avro: 'avro',
  jsonschema: 'json-schema',
  protobuf: 'protobuf',
  text: 'text',
};

/**
 * The name of an endpoint in `api.endpoints.allowlist`, `api.endpoints.blocklist` and `rate.limit.costs`: for example
 * `api.v2.topics.list`, `api.v2.produce-to-topic.json-schema`, `api.v2.consumers.consume-json` (contract A.2).
 * @param format the negotiated format; it counts only where a route has one handler a format
 */
export function endpointName(route: Route, format: EmbeddedFormat): string {
  const name = `api.${route.api}.${route.operation}`;
  if (route.formatFrom === undefined) return name;
  return `${name}${route.formatFrom === 'Content-Type' ? '.' : '-'}${endpointSuffixes[format]}`;
}

/** The names of all endpoints of a route: one for each format that it knows. */
export function endpointNames(route: Route): ReadonlySet<string> {
  const { consumes, produces, formatFrom } = route;
  const types = formatFrom === 'Content-Type' && consumes !== 'anything' ? consumes : produces.map((o) => o.mediaType);
  return new Set(types.map((mediaType) => endpointName(route, embeddedFormatOf(mediaType))));
}
