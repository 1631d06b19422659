import { type ApiError, errorKinds } from '../errors.ts';
import { type MediaType, mediaTypes, type OfferedType, v1MediaTypes } from '../media-types.ts';
import { buildPaths, type PathNode } from '../path-tree.ts';
import type { Route } from '../route.ts';
import { v1Routes } from '../v1-routes.ts';
import { v2Routes } from '../v2-routes.ts';
import type { ServedVersions } from '../version-choice.ts';
import { confluent } from './confluent.ts';
import type { DialectFacts, DialectName } from './dialect.ts';
import { karapace } from './karapace.ts';
import { strimzi } from './strimzi.ts';

const facts: Readonly<Record<DialectName, DialectFacts>> = { confluent, strimzi, karapace };

/** The switches that a configuration has. */
export interface DialectSwitches {
  /** `sluice.dialect` */
  readonly name: DialectName;
  /** `sluice.media.types.lenient` */
  readonly lenientTypes: boolean;
  /** `sluice.records.headers` */
  readonly headers: boolean;
  /** `sluice.records.timestamps` */
  readonly timestamps: boolean;
}

/** What a server speaks: the table of its routes, and where its answers differ. Made once, at the start. */
export interface Dialect extends Omit<DialectFacts, 'routes'> {
  /** Of all versions. */
  readonly routes: readonly Route[];
  /** The same by path. */
  readonly paths: PathNode;
  /** The one shape of every error: `{"error_code":N,"message":"…"}`. */
  readonly errorBody: (error: ApiError) => string;
}

/** Types of JSON that name neither a version nor a format. */
const GENERAL: readonly MediaType[] = [v1MediaTypes.plain, v1MediaTypes.kafka, v1MediaTypes.octets];
const OF_V1: readonly MediaType[] = [v1MediaTypes.v1, v1MediaTypes.binary, v1MediaTypes.json, v1MediaTypes.avro];
const OF_V2: readonly MediaType[] = [
  mediaTypes.v2,
  mediaTypes.binary,
  mediaTypes.json,
  mediaTypes.avro,
  mediaTypes.jsonschema,
  mediaTypes.protobuf,
];
const LEAST = 0.01;

/**
 * A row that takes every type of JSON, behind those that it takes anyway. A produce with a type that names no format has
 * base64, as in v1; a read with one is in the format of its instance.
 */
function lenient(route: Route, types: readonly MediaType[]): Route {
  if (route.consumes === 'anything') return route;
  const offered = new Set(route.produces.map(({ mediaType }) => mediaType));
  const more = types.filter((mediaType) => !offered.has(mediaType));
  const offer = (mediaType: MediaType): OfferedType => ({
    mediaType,
    qs: LEAST,
    unspecified: mediaType === mediaTypes.v2 || GENERAL.includes(mediaType) || mediaType === v1MediaTypes.v1,
  });
  return {
    ...route,
    consumes: [...new Set([...route.consumes, ...types])],
    produces: [...route.produces, ...more.map(offer)],
  };
}

function extraTypes({ takesV1Types }: DialectFacts, { lenientTypes }: DialectSwitches): readonly MediaType[] {
  if (takesV1Types) return [...OF_V2, ...GENERAL, ...OF_V1];
  return lenientTypes ? [...OF_V2, ...GENERAL] : [];
}

export function dialectOf(switches: DialectSwitches): Dialect {
  const { routes: rows, ...own } = facts[switches.name];
  const types = extraTypes(facts[switches.name], switches);
  const v2 = rows(v2Routes).map((route) => (types.length === 0 ? route : lenient(route, types)));
  const routes = [...v2, ...v1Routes];
  const errorBody = (error: ApiError): string => {
    const { code } = own.errorOf(error.kind, errorKinds[error.kind]);
    return `{"error_code":${code},"message":${JSON.stringify(error.message)}}`;
  };
  return {
    ...own,
    hasHeaders: own.hasHeaders || switches.headers,
    hasTimestamps: own.hasTimestamps || switches.timestamps,
    routes,
    paths: buildPaths(routes),
    errorBody,
  };
}

/** The paths of these versions, and of each its methods: what another version alone has is not there. */
export function servedPaths({ routes }: Dialect, served: ServedVersions): Pick<Dialect, 'paths'> {
  return { paths: buildPaths(routes.filter(({ api }) => served.includes(api))) };
}

/** What is spoken unless a configuration says otherwise. */
export const plainDialect: Dialect = dialectOf({
  name: 'confluent',
  lenientTypes: false,
  headers: false,
  timestamps: false,
});

/** The rows that any dialect has: names of endpoints are made of them. */
export const allRoutes: readonly Route[] = [
  ...plainDialect.routes,
  ...[strimzi, karapace].flatMap(({ routes }) => routes(v2Routes)),
];
