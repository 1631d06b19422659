import { mediaTypes, v1MediaTypes } from '../media-types.ts';
import type { Route } from '../route.ts';
import { confluent } from './confluent.ts';
import type { DialectFacts } from './dialect.ts';
import { withChanges, withoutBody } from './route-changes.ts';

/** Source: karapace 3bbc1f8 (after 6.2): kafka_rest_apis, rapu.py and their tests; its pull request 1360 for headers. */

const health: Route = {
  api: 'v2',
  operation: 'health.get',
  method: 'GET',
  template: '/_health',
  consumes: 'anything',
  produces: [{ mediaType: v1MediaTypes.plain, qs: 1 }],
  statuses: [200],
  response: 'HealthResponse',
  errors: [],
  summary: 'Tell how long the process has been running',
};

/** Records without a Content-Type are JSON, and one that is not written makes the status 422. */
function produce(route: Route): Route {
  const { consumes } = route;
  const others = consumes === 'anything' ? [] : consumes.filter((type) => type !== mediaTypes.json);
  return { ...route, consumes: [mediaTypes.json, ...others], statuses: [200, 401, 403, 422] };
}

/** A topic that does not exist is 40401. */
function renamed(route: Route): Route {
  const errors = route.errors.map((name) => (name === 'unknownTopicOrPartition' ? 'topicNotFound' : name));
  return { ...route, errors };
}

export const karapace: DialectFacts = {
  ...confluent,
  name: 'karapace',
  routes: (v2) => [
    ...withChanges(v2.map(renamed), {
      'produce-to-topic': produce,
      'produce-to-partition': produce,
      'consumers.commit-offsets': withoutBody,
    }),
    health,
  ],
  takesV1Types: true,
  commitAnswer: { status: 204 },
  hasHeaders: true,
  hasTimestamps: true,
  autoOffsetReset: 'earliest',
  errorOf: (name, kind) => (name === 'unknownTopicOrPartition' ? { status: 404, code: 40401 } : kind),
};
