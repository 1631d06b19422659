import { beforeAll, describe, expect, it } from 'vitest';
import { type KafkaBroker, startKafka } from '../harness/kafka.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { uniqueName } from '../harness/topics.ts';
import { expectAnswer, failure, JSON_V2, ok, send, V1, V1_JSON } from './exchanges.ts';

/** Contract A.6 and F.1: missing topics of a broker that makes them (`auto.create.topics.enable`). */

const START_MS = 150_000;

let broker: KafkaBroker;
let proxy: SluiceProcess;

beforeAll(async () => {
  broker = await startKafka({ autoCreateTopics: true });
  proxy = await startSluice({ properties: { 'bootstrap.servers': broker.bootstrap } });
  return async () => {
    await proxy?.stop();
    await broker.stop();
  };
}, START_MS);

describe('a topic that is missing', () => {
  it.each([
    ['by its name', 'POST /topics/{topic}', JSON_V2, undefined],
    ['by its name and a partition', 'POST /topics/{topic}/partitions/0', JSON_V2, undefined],
    ['in v1', 'POST /topics/{topic}', V1_JSON, V1],
  ])('is made by a produce request for it: %s', async (_title, line, type, accept) => {
    const sent = send(line, {
      type,
      body: '{"records":[{"value":1},{"value":2}]}',
      ...(accept === undefined ? {} : { accept }),
    });
    const [first, second] = [0, 1].map((offset) => `{"partition":0,"offset":${offset},"error_code":null,"error":null}`);
    const body = `{"offsets":[${first},${second}],"key_schema_id":null,"value_schema_id":null}`;
    await expectAnswer(proxy.http, sent, accept === undefined ? ok(body) : ok(body, accept), {
      topic: uniqueName('made'),
    });
  });

  it('is not made by a look at it', async () => {
    const missing = failure(404, 40403, 'This server does not host this topic-partition.');
    const names = { topic: uniqueName('looked-at') };
    for (const path of ['', '/partitions', '/partitions/0/offsets', '']) {
      await expectAnswer(proxy.http, send(`GET /topics/{topic}${path}`), missing, names);
    }
    expect((await proxy.http.call('GET', '/topics')).json()).not.toContain(names.topic);
  });
});
