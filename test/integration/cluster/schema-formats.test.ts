import { afterAll, beforeAll, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/conditions.ts';
import type { HttpClient } from '../../harness/http.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { RestConsumer } from '../../harness/rest-consumer.ts';
import { sharedRegistry } from '../../harness/shared-registry.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';
import { holderOf } from './holder.ts';

/** An instance of a schema format moves as others do. */

const START_MS = 240_000;

let redis: RedisServer;
let cluster: Cluster;
let bootstrap: string;

beforeAll(async () => {
  const [broker, registry, started] = await Promise.all([sharedBroker(), sharedRegistry(), startRedis()]);
  ({ bootstrap } = broker);
  redis = started;
  cluster = await startCluster({
    bootstrap,
    redisUrl: redis.url,
    leaseMs: 2000,
    nodes: 2,
    properties: { 'schema.registry.url': registry.url },
  });
}, START_MS);
afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

async function produce(http: HttpClient, topic: string, a: number): Promise<void> {
  const schema = JSON.stringify({ type: 'record', name: 'Moving', fields: [{ name: 'a', type: 'int' }] });
  const { status, text } = await http.call('POST', `/topics/${topic}`, {
    headers: { 'content-type': 'application/vnd.kafka.avro.v2+json' },
    body: JSON.stringify({ value_schema: schema, records: [{ value: { a }, partition: 0 }] }),
  });
  expect({ status, text }).toMatchObject({ status: 200 });
}

it('an instance of avro goes on at another node when its own is killed', { timeout: 60_000 }, async () => {
  const topic = await createTopic(bootstrap);
  const [first, second] = cluster.nodes.map(({ http }) => http as HttpClient) as [HttpClient, HttpClient];
  await produce(first, topic, 1);
  let consumer: RestConsumer | undefined;
  await eventually(
    async () => {
      consumer = await RestConsumer.create(first, uniqueName('group'), {
        format: 'avro',
        'auto.commit.enable': 'false',
      });
      return true;
    },
    { deadlineMs: 10_000, describe: 'a Redis that is new to give names' },
  );
  const own = consumer as RestConsumer;
  await own.assign(topic, 0);
  expect((await new RestConsumer(second, own.path, 'avro').readAll(1))[0]?.value).toEqual({ a: 1 });
  await own.commit();
  await produce(second, topic, 2);
  const holder = await holderOf(cluster, redis, own);
  const survivor = cluster.nodes.find((node) => node !== holder)?.http as HttpClient;
  await holder.kill();
  expect((await new RestConsumer(survivor, own.path, 'avro').readAll(1))[0]?.value).toEqual({ a: 2 });
});
