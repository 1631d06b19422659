import { beforeAll, describe, expect, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { produceJson, type RestConsumer } from '../harness/rest-consumer.ts';
import { createTopic } from '../harness/topics.ts';
import { type Answer, expectAnswer, failure, noContent, ok, type Row, type Sent, send, V2 } from './exchanges.ts';
import { type Given, instanceIn } from './instances.ts';

/**
 * What an instance reads, and how one choice gives way to the next: contract A.8 and A.9, observed (c). What each request
 * alone is answered stands in consumers.test.ts.
 */

const proxy = useProxy();
let topic: string;
let other: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap, { partitions: 2 });
  other = await createTopic(proxy.bootstrap);
  await produceJson(proxy.http, topic, ['a', 'b']);
});

const subscribe = (body: string): Sent => send('POST {consumer}/subscription', { type: V2, body });
const assign = (...partitions: readonly string[]): Sent =>
  send('POST {consumer}/assignments', { type: V2, body: `{"partitions":[${partitions.join()}]}` });
const call = (line: string, body: string): Sent => send(line, { type: V2, body });
const drop: Sent = send('DELETE {consumer}/subscription');
const P0 = '{"topic":"{topic}","partition":0}';
const P1 = '{"topic":"{topic}","partition":1}';

const subscriptionIs = (topics: string): Step => [send('GET {consumer}/subscription'), ok(`{"topics":${topics}}`)];
const assignmentsAre = (partitions: string): Step => [
  send('GET {consumer}/assignments'),
  ok(`{"partitions":${partitions}}`),
];
const notAssigned = failure(409, 40903, 'Illegal state: No current assignment for partition {topic}-0');
const exclusive = failure(
  409,
  40903,
  'Illegal state: Subscription to topics, partitions and pattern are mutually exclusive',
);

type Step = readonly [sent: Sent, answer: Answer];
type Story = readonly [title: string, given: Given, ...steps: readonly Step[]];

const stories: readonly Story[] = [
  [
    'a topic that is named twice is subscribed to once',
    'new',
    [subscribe('{"topics":["{topic}","{topic}"]}'), noContent],
    subscriptionIs('["{topic}"]'),
  ],
  [
    'null for topics and pattern changes nothing',
    'subscribed',
    [subscribe('{"topics":null,"topic_pattern":null}'), noContent],
    subscriptionIs('["{topic}"]'),
  ],
  [
    'null for topics leaves the pattern',
    'new',
    [subscribe('{"topics":null,"topic_pattern":"{other}"}'), noContent],
    subscriptionIs('["{other}"]'),
  ],
  [
    'topics while subscribed to a pattern',
    'new',
    [subscribe('{"topic_pattern":"{topic}"}'), noContent],
    [subscribe('{"topics":["{other}"]}'), exclusive],
    subscriptionIs('["{topic}"]'),
  ],
  [
    'another pattern replaces the first',
    'new',
    [subscribe('{"topic_pattern":"{topic}"}'), noContent],
    [subscribe('{"topic_pattern":"{other}"}'), noContent],
    subscriptionIs('["{other}"]'),
  ],
  [
    'a pattern while assigned',
    'assigned',
    [subscribe('{"topic_pattern":"{topic}"}'), exclusive],
    assignmentsAre(`[${P0}]`),
  ],
  [
    'assigning while subscribed to a pattern',
    'new',
    [subscribe('{"topic_pattern":"{topic}"}'), noContent],
    [assign(P0), exclusive],
  ],
  [
    'dropping a pattern leaves room for topics',
    'new',
    [subscribe('{"topic_pattern":"{topic}"}'), noContent],
    [drop, noContent],
    [subscribe('{"topics":["{other}"]}'), noContent],
    subscriptionIs('["{other}"]'),
  ],
  [
    'an empty list of topics drops an assignment',
    'assigned',
    [subscribe('{"topics":[]}'), noContent],
    assignmentsAre('[]'),
  ],
  ['an empty request leaves an assignment', 'assigned', [subscribe('{}'), noContent], assignmentsAre(`[${P0}]`)],
  ['assigning anew replaces', 'assigned', [assign(P1), noContent], assignmentsAre(`[${P1}]`)],
  ['a partition that is named twice is assigned once', 'new', [assign(P0, P0), noContent], assignmentsAre(`[${P0}]`)],
  [
    'assigning nothing drops the assignment, and leaves room for topics',
    'assigned',
    [assign(), noContent],
    assignmentsAre('[]'),
    [subscribe('{"topics":["{topic}"]}'), noContent],
  ],
  [
    'assigning nothing drops a subscription',
    'subscribed',
    [assign(), noContent],
    subscriptionIs('[]'),
    [assign(P0), noContent],
  ],
  [
    'a seek before the first read of a subscription',
    'subscribed',
    [call('POST {consumer}/positions', `{"offsets":[{"topic":"{topic}","partition":0,"offset":0}]}`), notAssigned],
    [call('POST {consumer}/positions/beginning', `{"partitions":[${P0}]}`), notAssigned],
    // All that is assigned, which is nothing yet.
    [call('POST {consumer}/positions/end', '{"partitions":[]}'), noContent],
  ],
  ['an assignment is no subscription', 'assigned', subscriptionIs('[]')],
];

describe('a choice of what to read, and the next one', () => {
  it.each(stories.map(([title, given, ...steps]) => ({ title, given, steps })))(
    '$title ($given)',
    async ({ given, steps }) => {
      const consumer = await instanceIn(given, proxy, topic);
      for (const [sent, answer] of steps) {
        await expectAnswer(proxy.http, sent, answer, { consumer: consumer.path, topic, other });
      }
    },
  );
});

const mustNotBeNull = (path: string): Answer => failure(422, 422, `${path} must not be null (was null)`);

/** Contract A.9 leaves them to a 500; each list of partitions is judged by the same rule. */
const unusable: readonly Row[] = [
  ['null for a partition to assign', assign('null'), mustNotBeNull('assign.assignmentRequest.partitions[0]')],
  [
    'a partition to assign without its topic',
    assign('{"partition":0}'),
    mustNotBeNull('assign.assignmentRequest.partitions[0].topic'),
  ],
  [
    'a negative partition to assign',
    assign('{"topic":"{topic}","partition":-1}'),
    failure(422, 422, 'assign.assignmentRequest.partitions[0].partition must be greater than or equal to 0 (was -1)'),
  ],
  [
    'null for the partitions to assign',
    call('POST {consumer}/assignments', '{"partitions":null}'),
    mustNotBeNull('assign.assignmentRequest.partitions'),
  ],
  [
    'null for an offset to commit',
    call('POST {consumer}/offsets', '{"offsets":[null]}'),
    mustNotBeNull('commitOffsets.offsetCommitRequest.offsets[0]'),
  ],
  [
    'an offset to commit without its partition',
    call('POST {consumer}/offsets', '{"offsets":[{"topic":"{topic}","offset":1}]}'),
    mustNotBeNull('commitOffsets.offsetCommitRequest.offsets[0].partition'),
  ],
  [
    'a partition to look up without its topic',
    call('GET {consumer}/offsets', '{"partitions":[{"partition":0}]}'),
    mustNotBeNull('getCommittedOffsets.request.partitions[0].topic'),
  ],
  [
    'null for an offset to seek',
    call('POST {consumer}/positions', '{"offsets":[null]}'),
    mustNotBeNull('seekToOffset.request.offsets[0]'),
  ],
  [
    'a time without its topic',
    call('POST {consumer}/positions', '{"timestamps":[{"partition":0,"timestamp":0}]}'),
    failure(400, 400, 'Cannot construct instance of `PartitionTimestamp`, problem: Null topic'),
  ],
  [
    'a partition without its topic to seek to the beginning of',
    call('POST {consumer}/positions/beginning', '{"partitions":[{"partition":0}]}'),
    mustNotBeNull('seekToBeginning.seekToRequest.partitions[0].topic'),
  ],
  [
    'null for a partition to seek to the end of',
    call('POST {consumer}/positions/end', '{"partitions":[null]}'),
    mustNotBeNull('seekToEnd.seekToRequest.partitions[0]'),
  ],
  [
    'an unknown field of a partition',
    assign('{"topic":"{topic}","partition":0,"offset":1}'),
    failure(422, 422, 'Unrecognized field: offset'),
  ],
];

describe('lists of partitions that cannot be used', () => {
  it.each(unusable)('%s', async (_title, sent, answer) => {
    const consumer = await instanceIn('assigned', proxy, topic);
    await expectAnswer(proxy.http, sent, answer, { consumer: consumer.path, topic });
  });
});

describe('an instance that does not say where to begin', () => {
  it('begins at the end of what there is', async () => {
    const own = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, own, ['before']);
    const consumer = await instanceIn('assigned', proxy, own, { 'auto.offset.reset': null });
    expect(await consumer.read({ timeout: 500 })).toEqual([]);
    await produceJson(proxy.http, own, ['after']);
    expect((await consumer.readAll(1)).map(({ value }) => value)).toEqual(['after']);
  });
});

describe('the assignments of a subscribed instance', () => {
  const partitionsOf = async (consumer: RestConsumer): Promise<unknown> =>
    (await consumer.call('GET', '/assignments')).json();

  it('are those of its group, once a read has joined it', async () => {
    const consumer = await instanceIn('subscribed', proxy, topic);
    await consumer.readAll(2);
    const partitions = [0, 1].map((partition) => ({ topic, partition }));
    expect(await partitionsOf(consumer)).toEqual({ partitions });
  });

  it('can be sought, and committed for', async () => {
    const consumer = await instanceIn('subscribed', proxy, topic);
    await consumer.readAll(2);
    await consumer.seek(topic, 0, 1);
    expect((await consumer.readAll(1)).map(({ value }) => value)).toEqual(['b']);
    await consumer.commit({ offsets: [{ topic, partition: 1, offset: 0 }] });
    const asked = { partitions: [0, 1].map((partition) => ({ topic, partition })) };
    // Of what was asked for, that alone for which there is a commit.
    expect((await consumer.call('GET', '/offsets', asked)).json()).toEqual({
      offsets: [{ topic, partition: 1, offset: 1, metadata: '' }],
    });
  });
});
