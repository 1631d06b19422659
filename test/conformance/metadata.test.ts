import { beforeAll, describe, expect, it } from 'vitest';
import { type MockCluster, startMockCluster } from '../../packages/kafka/src/index.ts';
import { useProxy } from '../harness/proxy.ts';
import { produceJson } from '../harness/rest-consumer.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { createTopic } from '../harness/topics.ts';
import { expectAnswer, failure, methodNotAllowed, notFound, ok, type Row, send, transmit, V2 } from './exchanges.ts';

/** Contract A.5; observed (d) and (j). */

const proxy = useProxy();
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap, { partitions: 2 });
});

const PARTITION_0 = '{"partition":0,"leader":1,"replicas":[{"broker":1,"leader":true,"in_sync":true}]}';
const PARTITION_1 = '{"partition":1,"leader":1,"replicas":[{"broker":1,"leader":true,"in_sync":true}]}';
const unknownTopic = failure(404, 40403, 'This server does not host this topic-partition.');
const unknownPartition = failure(404, 40402, 'Partition not found.');
const noNumber = failure(404, 404, 'HTTP 404 Not Found');
const invalidTopic = failure(400, 40002, 'The request attempted to perform an operation on an invalid topic.');

const answers: readonly Row[] = [
  ['the root answers an empty object', send('GET /'), ok('{}')],
  ['the root takes a POST, with a body or without', send('POST /'), ok('{}')],
  ['the root takes an object of strings', send('POST /', { type: V2, body: '{"a":"b"}' }), ok('{}')],
  [
    'the root refuses other values',
    send('POST /', { type: V2, body: '{"a":[]}' }),
    failure(400, 400, /^Cannot deserialize value of type `String` from Array value/),
  ],
  ['the root takes null', send('POST /', { type: V2, body: 'null' }), ok('{}')],
  [
    'the root takes no list',
    send('POST /', { type: V2, body: '[]' }),
    failure(400, 400, 'Cannot deserialize value of type `Map` from Array value (token `JsonToken.START_ARRAY`)'),
  ],
  ['the ids of the brokers', send('GET /brokers'), ok('{"brokers":[1]}')],
  ['the partitions of a topic', send('GET /topics/{topic}/partitions'), ok(`[${PARTITION_0},${PARTITION_1}]`)],
  ['a partition', send('GET /topics/{topic}/partitions/1'), ok(PARTITION_1)],
  ['a partition by a number with a sign', send('GET /topics/{topic}/partitions/+1'), ok(PARTITION_1)],
  [
    'the offsets of an empty partition',
    send('GET /topics/{topic}/partitions/0/offsets'),
    ok('{"beginning_offset":0,"end_offset":0}'),
  ],
];

const failures: readonly Row[] = [
  ['a missing topic: 40403 in the broker’s words', send('GET /topics/{topic}-missing'), unknownTopic],
  ['the partitions of a missing topic', send('GET /topics/{topic}-missing/partitions'), unknownTopic],
  ['a partition of a missing topic', send('GET /topics/{topic}-missing/partitions/0'), unknownTopic],
  ['the offsets of a missing topic', send('GET /topics/{topic}-missing/partitions/0/offsets'), unknownTopic],
  ['an invalid topic name', send('GET /topics/a%20b'), invalidTopic],
  ['the partitions of an invalid topic name', send('GET /topics/a%20b/partitions'), invalidTopic],
  ['an invalid topic name with a slash in it', send('GET /topics/a%2Fb'), invalidTopic],
  ['a name of 250 characters', send(`GET /topics/${'x'.repeat(250)}`), invalidTopic],
  ['a name of dots', send('GET /topics/%2E%2E'), invalidTopic],
  ['a blank name', send('GET /topics/%20'), invalidTopic],
  ['a partition of an invalid topic name', send('GET /topics/a%20b/partitions/0'), invalidTopic],
  ['the offsets of an invalid topic name', send('GET /topics/a%20b/partitions/0/offsets'), invalidTopic],
  ['a missing partition', send('GET /topics/{topic}/partitions/99'), unknownPartition],
  ['the offsets of a missing partition', send('GET /topics/{topic}/partitions/99/offsets'), unknownPartition],
  ['a negative partition is simply not found', send('GET /topics/{topic}/partitions/-1'), unknownPartition],
  ['a partition that is no number', send('GET /topics/{topic}/partitions/abc'), noNumber],
  ['the offsets of a partition that is no number', send('GET /topics/{topic}/partitions/abc/offsets'), noNumber],
  ['a partition beyond 32 bits', send('GET /topics/{topic}/partitions/2147483648'), noNumber],
];

const framework: readonly Row[] = [
  ['an unknown path', send('GET /nothing'), notFound],
  ['two slashes', send('GET //topics'), notFound],
  ['two trailing slashes', send('GET /topics//'), notFound],
  ['the v3 API', send('GET /v3'), notFound],
  ['the v3 API with a slash', send('GET /v3/'), notFound],
  ['the list of consumer groups', send('GET /consumers'), notFound],
  ['a consumer group', send('GET /consumers/g'), methodNotAllowed],
  ['a consumer instance', send('GET /consumers/g/instances/i'), methodNotAllowed],
  ['positions cannot be asked for', send('GET /consumers/g/instances/i/positions'), methodNotAllowed],
  ['assignments cannot be deleted', send('DELETE /consumers/g/instances/i/assignments'), methodNotAllowed],
  ['PUT', send('PUT /topics'), methodNotAllowed],
  ['PATCH', send('PATCH /topics'), methodNotAllowed],
  ['DELETE', send('DELETE /topics'), methodNotAllowed],
  ['TRACE', send('TRACE /topics'), methodNotAllowed],
  ['a verb of WebDAV', send('PROPFIND /topics'), methodNotAllowed],
  ['OPTIONS of the server as a whole', send('OPTIONS *'), notFound],
];

describe('metadata', () => {
  it.each(answers)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic });
  });

  it('a topic: its name, all of its configuration as text, its partitions', async () => {
    const answer = await transmit(proxy.http, send('GET /topics/{topic}'), { topic });
    expect(answer.status).toBe(200);
    const { name, configs, partitions } = answer.json() as Record<string, unknown>;
    expect(answer.text).toBe(JSON.stringify({ name, configs, partitions }));
    expect(name).toBe(topic);
    expect(JSON.stringify(partitions)).toBe(`[${PARTITION_0},${PARTITION_1}]`);
    expect(configs).toMatchObject({
      'cleanup.policy': 'delete',
      'min.insync.replicas': '1',
      'retention.ms': expect.stringMatching(/^\d+$/),
    });
    expect(Object.values(configs as object).every((value) => value === null || typeof value === 'string')).toBe(true);
  });

  it('the topics, sorted, without Kafka’s internal ones', async () => {
    await produceJson(proxy.http, topic, [1]);
    const names = (await transmit(proxy.http, send('GET /topics'))).json() as string[];
    expect(names).toContain(topic);
    expect(names).toEqual(names.toSorted());
    expect(names.filter((name) => name.startsWith('__'))).toEqual([]);
  });

  it('the offsets of a partition with records', async () => {
    const written = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, written, ['a', 'b', 'c']);
    const answer = ok('{"beginning_offset":0,"end_offset":3}');
    await expectAnswer(proxy.http, send('GET /topics/{written}/partitions/0/offsets'), answer, { written });
  });
});

describe('metadata that does not exist', () => {
  it.each(failures)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic });
  });
});

describe('errors from before a route is chosen have no Content-Type, no Vary and no Allow', () => {
  it.each(framework)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer);
  });
});

/** What is told of partitions without a leader is in packages/worker/test/resources/partitions.test.ts. */
describe('metadata of two brokers', () => {
  let cluster: MockCluster;
  let sluice: SluiceProcess;

  beforeAll(async () => {
    cluster = await startMockCluster({ brokers: 2 });
    sluice = await startSluice({ properties: { 'bootstrap.servers': cluster.bootstrapServers } });
    for (const name of ['topic2', 'topic1']) await produceJson(sluice.http, name, [1]);
    return async () => {
      await sluice?.stop();
      await cluster.close();
    };
  });

  it.each([
    ['both', send('GET /brokers'), ok('{"brokers":[1,2]}')],
    ['the topics, sorted', send('GET /topics'), ok('["topic1","topic2"]')],
  ])('%s', async (_title, sent, answer) => {
    await expectAnswer(sluice.http, sent, answer);
  });

  it('a replica on each of them, one of which leads', async () => {
    const answer = await transmit(sluice.http, send('GET /topics/topic1/partitions'));
    const partitions = answer.json() as {
      partition: number;
      leader: number;
      replicas: { broker: number; leader: boolean; in_sync: boolean }[];
    }[];
    expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2, 3]);
    for (const { leader, replicas } of partitions) {
      expect(replicas.map(({ broker }) => broker).toSorted((a, b) => a - b)).toEqual([1, 2]);
      expect(replicas.filter((replica) => replica.leader).map(({ broker }) => broker)).toEqual([leader]);
    }
  });
});
