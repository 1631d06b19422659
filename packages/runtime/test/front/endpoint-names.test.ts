import { describe, expect, it } from 'vitest';
import { fronted } from './fronted.ts';

const type = (format: string): string => `application/vnd.kafka.${format}.v2+json`;
const produced = (format: string): Record<string, string> => ({ 'content-type': type(format) });
const read = (format: string): Record<string, string> => ({ accept: type(format) });

const TOPIC = 'POST /topics/t';
const PARTITION = 'POST /topics/t/partitions/0';
const INSTANCE = '/consumers/g/instances/i';
const RECORDS = `GET ${INSTANCE}/records`;

/** The names of contract A.2, and what each stands for. */
const names: readonly (readonly [name: string, line: string, headers?: Record<string, string>])[] = [
  ['api.v2.root.get', 'GET /'],
  ['api.v2.root.post', 'POST /'],
  ['api.v2.brokers.list', 'GET /brokers'],
  ['api.v2.topics.list', 'GET /topics'],
  ['api.v2.topics.get', 'GET /topics/t'],
  ['api.v2.partitions.list', 'GET /topics/t/partitions'],
  ['api.v2.partitions.get', 'GET /topics/t/partitions/0'],
  ['api.v2.partitions.get-offsets', 'GET /topics/t/partitions/0/offsets'],
  ['api.v2.produce-to-topic.binary', TOPIC, produced('binary')],
  ['api.v2.produce-to-topic.json', TOPIC, produced('json')],
  ['api.v2.produce-to-topic.avro', TOPIC, produced('avro')],
  ['api.v2.produce-to-topic.json-schema', TOPIC, produced('jsonschema')],
  ['api.v2.produce-to-topic.protobuf', TOPIC, produced('protobuf')],
  ['api.v2.produce-to-partition.binary', PARTITION, produced('binary')],
  ['api.v2.produce-to-partition.json', PARTITION, produced('json')],
  ['api.v2.produce-to-partition.avro', PARTITION, produced('avro')],
  ['api.v2.produce-to-partition.json-schema', PARTITION, produced('jsonschema')],
  ['api.v2.produce-to-partition.protobuf', PARTITION, produced('protobuf')],
  ['api.v2.consumers.create', 'POST /consumers/g'],
  ['api.v2.consumers.delete', `DELETE ${INSTANCE}`],
  ['api.v2.consumers.subscribe', `POST ${INSTANCE}/subscription`],
  ['api.v2.consumers.get-subscription', `GET ${INSTANCE}/subscription`],
  ['api.v2.consumers.unsubscribe', `DELETE ${INSTANCE}/subscription`],
  ['api.v2.consumers.consume-binary', RECORDS, read('binary')],
  ['api.v2.consumers.consume-json', RECORDS, read('json')],
  ['api.v2.consumers.consume-avro', RECORDS, read('avro')],
  ['api.v2.consumers.consume-json-schema', RECORDS, read('jsonschema')],
  ['api.v2.consumers.consume-protobuf', RECORDS, read('protobuf')],
  ['api.v2.consumers.commit-offsets', `POST ${INSTANCE}/offsets`],
  ['api.v2.consumers.get-committed-offsets', `GET ${INSTANCE}/offsets`],
  ['api.v2.consumers.seek-to-beginning', `POST ${INSTANCE}/positions/beginning`],
  ['api.v2.consumers.seek-to-end', `POST ${INSTANCE}/positions/end`],
  ['api.v2.consumers.seek-to-offset', `POST ${INSTANCE}/positions`],
  ['api.v2.consumers.assign', `POST ${INSTANCE}/assignments`],
  ['api.v2.consumers.get-assignments', `GET ${INSTANCE}/assignments`],
];

const statusOf = async (properties: Record<string, string>, [, line, headers = {}]: (typeof names)[number]) => {
  const [method = '', path = ''] = line.split(' ');
  return (await (await fronted(properties)).call(method, path, { headers })).status;
};

/** Of `api.v2.topics.get`: `api.v2.topics.*`. */
const classOf = (name: string): string => name.replace(/[^.]+$/, '*');

describe('the name of an endpoint', () => {
  it.each(names.map((row) => ({ name: row[0], row })))(
    '$name blocks and allows it, as the name of its class does',
    async ({ name, row }) => {
      const blocked = row[1].startsWith('GET') ? 404 : 405;
      for (const listed of [name, classOf(name)]) {
        expect(await statusOf({ 'api.endpoints.blocklist': listed }, row)).toBe(blocked);
        expect(await statusOf({ 'api.endpoints.allowlist': listed }, row)).toBe(200);
      }
      const others = names.filter(([other]) => other !== name).map(([other]) => other);
      expect(await statusOf({ 'api.endpoints.blocklist': others.join() }, row)).toBe(200);
      expect(await statusOf({ 'api.endpoints.allowlist': others.join() }, row)).toBe(blocked);
    },
  );
});
