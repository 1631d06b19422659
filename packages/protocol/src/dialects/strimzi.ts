import { mediaTypes, textMediaType, v1MediaTypes } from '../media-types.ts';
import type { Route } from '../route.ts';
import * as errors from '../route-errors.ts';
import { confluent } from './confluent.ts';
import type { DialectFacts } from './dialect.ts';
import { withChanges, withoutBody } from './route-changes.ts';

/** Source: strimzi-kafka-bridge 363992b (1.2.0-SNAPSHOT): openapi.json, its tests, its change log for what older ones did. */

const plain = [{ mediaType: v1MediaTypes.plain, qs: 1 }] as const;

const added = (row: Pick<Route, 'operation' | 'template' | 'summary'> & Partial<Route>): Route => ({
  api: 'v2',
  method: 'GET',
  consumes: 'anything',
  produces: plain,
  statuses: [200],
  errors: [],
  ...row,
});

/** Up to 0.33 the two of health were on this port, and 204. */
const own: readonly Route[] = [
  added({
    operation: 'admin.create-topic',
    method: 'POST',
    template: '/admin/topics',
    consumes: [mediaTypes.json, mediaTypes.v2, v1MediaTypes.plain],
    produces: [{ mediaType: mediaTypes.v2, qs: 1 }, { mediaType: mediaTypes.json, qs: 0.5 }, ...plain],
    statuses: [201],
    request: { schema: 'NewTopicRequest', required: true },
    response: 'RootResponse',
    errors: [...errors.fieldErrors, ...errors.kafkaErrors],
    summary: 'Create a topic',
  }),
  added({ operation: 'health.healthy', template: '/healthy', statuses: [204], summary: 'Tell that the process lives' }),
  added({
    operation: 'health.ready',
    template: '/ready',
    statuses: [204],
    errors: ['unavailable'],
    summary: 'Tell whether requests should come here',
  }),
  added({ operation: 'openapi.get', template: '/openapi', response: 'OpenApiResponse', summary: 'Describe the API' }),
  added({
    operation: 'openapi.get-v3',
    template: '/openapi/v3',
    response: 'OpenApiResponse',
    summary: 'Describe the API',
  }),
];

/** `async=true` is 204; a record that was not written says so in its place, and the status stays. */
function produce(route: Route): Route {
  const consumes: Route['consumes'] = route.consumes === 'anything' ? 'anything' : [...route.consumes, textMediaType];
  return { ...route, consumes, statuses: [200, 204], query: ['async'] };
}

function read(route: Route): Route {
  return { ...route, produces: [...route.produces, { mediaType: textMediaType, qs: 0.1 }] };
}

function information(route: Route): Route {
  return {
    ...route,
    produces: [...plain, ...route.produces],
    response: 'InformationResponse',
    summary: 'Tell the version',
  };
}

export const strimzi: DialectFacts = {
  ...confluent,
  name: 'strimzi',
  routes: (v2) => [
    ...withChanges(v2, {
      'root.get': information,
      'produce-to-topic': produce,
      'produce-to-partition': produce,
      'partitions.read': read,
      'consumers.consume': read,
      'consumers.commit-offsets': withoutBody,
    }),
    ...own,
  ],
  formats: ['text'],
  commitStep: 0,
  commitAnswer: { status: 204 },
  hasHeaders: true,
  hasTimestamps: true,
  takesKafkaNames: true,
  takesAsync: true,
  followsForwardedPath: true,
  tellsPartitions: true,
  information: (version) => JSON.stringify({ bridge_version: version }),
  // Its codes are HTTP's.
  errorOf: (_name, { status }) => ({ status, code: status }),
};
