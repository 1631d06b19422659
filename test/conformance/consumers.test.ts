import { beforeAll, describe, expect, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { produceJson, RestConsumer } from '../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import {
  BINARY,
  expectAnswer,
  failure,
  fill,
  instanceNotFound,
  JSON_V2,
  noContent,
  ok,
  type Row,
  send,
  transmit,
  unsupportedMediaType,
  V2,
} from './exchanges.ts';
import { type Given, instanceIn } from './instances.ts';

/** Contract A.7 to A.9; observed (c). */

const proxy = useProxy();
let topic: string;
let other: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap);
  other = await createTopic(proxy.bootstrap);
  await produceJson(proxy.http, topic, ['a', 'b']);
});

const create = (body?: string, type: string | undefined = V2) =>
  send('POST /consumers/{group}', { ...(type === undefined ? {} : { type }), ...(body === undefined ? {} : { body }) });
const named = (name: string) =>
  ok(`{"instance_id":"${name}","base_uri":"{url}/consumers/{group}/instances/${encodeURIComponent(name)}"}`);
const generated = ok(
  /^\{"instance_id":"(rest-consumer-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})","base_uri":"http:\/\/127\.0\.0\.1:\d+\/consumers\/group-\w+\/instances\/\1"\}$/,
);
const unprocessable = (message: string) => failure(422, 422, message);
const invalidConfig = (detail: string) => failure(422, 42204, `Invalid consumer configuration: ${detail}`);
const outOfRange = (detail: string) =>
  failure(422, 40001, `Invalid consumer configuration. It does not abide by the constraints: ${detail}`);

const blankName = unprocessable('createGroup.<return value>.instanceId must not be blank (was )');

const creations: readonly Row[] = [
  ['an empty object makes up a name', create('{}'), generated],
  ['so does an empty body', create(''), generated],
  ['so does no body', create(), generated],
  ['so does null', create('null'), generated],
  ['no Content-Type is fine', { ...create('{"name":"c"}'), headers: {} }, named('c')],
  ['an embedded type is fine', create('{"name":"c"}', JSON_V2), named('c')],
  ['text is not', create('{"name":"c"}', 'text/plain'), unsupportedMediaType],
  ['id is taken as well as name', create('{"id":"c"}'), named('c')],
  ['id wins over name', create('{"id":"c","name":"d"}'), named('c')],
  ['a number is taken for a name', create('{"name":7}'), named('7')],
  ['a boolean is taken for a name', create('{"name":true}'), named('true')],
  ['the last of two names counts', create('{"name":"d","name":"c"}'), named('c')],
  ['an empty id is no name', create('{"id":"","name":"c"}'), blankName],
  ['a name that is no URL is escaped in base_uri', create('{"name":"a b/c"}'), named('a b/c')],
  ['the format in capitals', create('{"name":"c","format":"JSON"}'), named('c')],
  ['null for the format', create('{"name":"c","format":null}'), named('c')],
  ['none for the offset reset', create('{"name":"c","auto.offset.reset":"none"}'), named('c')],
  ['auto-commit as text', create('{"name":"c","auto.commit.enable":"false"}'), named('c')],
  ['fetch.min.bytes as text', create('{"name":"c","fetch.min.bytes":"5"}'), named('c')],
  ['fetch.min.bytes with a fraction', create('{"name":"c","fetch.min.bytes":10000000.9}'), named('c')],
  ['an empty fetch.min.bytes', create('{"name":"c","fetch.min.bytes":""}'), named('c')],
  ['fetch.min.bytes at its lower limit', create('{"name":"c","fetch.min.bytes":-1}'), named('c')],
  ['fetch.min.bytes at its upper limit', create('{"name":"c","fetch.min.bytes":10000000}'), named('c')],
  ['the names of version 1', create('{"name":"c","responseMinBytes":1,"requestWaitMs":1}'), named('c')],
  ['a wait as text', create('{"name":"c","consumer.request.timeout.ms":"100"}'), named('c')],
  ['a wait of less than nothing', create('{"name":"c","consumer.request.timeout.ms":-1}'), named('c')],
  [
    'a wait that is no number',
    create('{"consumer.request.timeout.ms":"soon"}'),
    failure(
      400,
      400,
      'Cannot deserialize value of type `Integer` from String "soon": not a valid `java.lang.Integer` value',
    ),
  ],
  ['an unknown format', create('{"format":"xml"}'), unprocessable('Invalid format type.')],
  ['the format of the v3 API alone', create('{"format":"string"}'), unprocessable('Invalid format type.')],
  ['an empty format', create('{"format":""}'), unprocessable('Invalid format type.')],
  ['an empty name', create('{"name":""}'), blankName],
  ['an unknown field', create('{"foo":1}'), unprocessable('Unrecognized field: foo')],
  [
    'a setting of the Java client',
    create('{"isolation.level":"read_committed"}'),
    unprocessable('Unrecognized field: isolation.level'),
  ],
  [
    'an unknown offset reset',
    create('{"auto.offset.reset":"nope"}'),
    invalidConfig(
      'Invalid value nope for configuration auto.offset.reset: String must be one of: latest, earliest, none',
    ),
  ],
  [
    'an unknown auto-commit',
    create('{"auto.commit.enable":"maybe"}'),
    invalidConfig(
      'Invalid value maybe for configuration enable.auto.commit: Expected value to be either true or false',
    ),
  ],
  [
    'fetch.min.bytes too small',
    create('{"fetch.min.bytes":-5}'),
    outOfRange('Invalid value -5 for configuration fetch.min.bytes: Value must be at least -1'),
  ],
  [
    'fetch.min.bytes too large',
    create('{"fetch.min.bytes":10000001}'),
    outOfRange('Invalid value 10000001 for configuration fetch.min.bytes: Value must be no more than 10000000'),
  ],
  [
    'fetch.min.bytes that is no number',
    create('{"fetch.min.bytes":"abc"}'),
    failure(
      400,
      400,
      'Cannot deserialize value of type `Integer` from String "abc": not a valid `java.lang.Integer` value',
    ),
  ],
  ['a body that is no JSON', create('{"name":'), failure(400, 400, /^Unexpected end-of-input/)],
  [
    'a body that is no object',
    create('[]'),
    failure(400, 400, /^Cannot deserialize value of type `CreateConsumerInstanceRequest` from Array value/),
  ],
];

describe('creating an instance', () => {
  it.each(creations)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { group: uniqueName('group'), url: proxy.url });
  });

  it('answers 409/40902 for a name that is taken in its group, whatever the format', async () => {
    const names = { group: uniqueName('group'), url: proxy.url };
    await expectAnswer(proxy.http, create('{"name":"c"}'), named('c'), names);
    const taken = failure(
      409,
      40902,
      'Consumer with specified consumer ID already exists in the specified consumer group.',
    );
    await expectAnswer(proxy.http, create('{"name":"c","format":"json"}'), taken, names);
    await expectAnswer(proxy.http, create('{"name":"c"}'), named('c'), { ...names, group: uniqueName('group') });
  });

  it('makes a binary one without a format', async () => {
    const consumer = await instanceIn('assigned', proxy, topic, { format: null });
    await expectAnswer(proxy.http, send(`GET ${consumer.path}/records?timeout=10000`), ok(/"value":"ImEi"/, BINARY));
  });

  it('leads to the instance by its base_uri, whatever the name', async () => {
    const group = uniqueName('group');
    const answer = await transmit(proxy.http, create('{"name":"a b/c?d#e%2F"}'), { group });
    const { base_uri: uri } = answer.json() as { base_uri: string };
    const { pathname } = new URL(uri);
    await expectAnswer(proxy.http, send(`GET ${pathname}/subscription`), ok('{"topics":[]}'));
    await expectAnswer(proxy.http, send(`DELETE ${pathname}`), noContent);
  });
});

const instanceCalls: readonly string[] = [
  'DELETE {consumer}',
  'POST {consumer}/subscription',
  'GET {consumer}/subscription',
  'DELETE {consumer}/subscription',
  'POST {consumer}/offsets',
  'GET {consumer}/offsets',
  'POST {consumer}/positions',
  'POST {consumer}/positions/beginning',
  'POST {consumer}/positions/end',
  'POST {consumer}/assignments',
  'GET {consumer}/assignments',
];

describe('an unknown instance is 404/40403 in every call', () => {
  it.each(instanceCalls)('%s', async (line) => {
    await expectAnswer(proxy.http, send(line, { type: V2 }), instanceNotFound, {
      consumer: '/consumers/g/instances/i',
    });
  });

  it('of a group that exists as well', async () => {
    const { path } = await instanceIn('new', proxy, topic);
    await expectAnswer(proxy.http, send(`GET ${path}x/subscription`), instanceNotFound);
  });

  it('after its DELETE, too', async () => {
    const { path } = await instanceIn('new', proxy, topic);
    await expectAnswer(proxy.http, send(`DELETE ${path}`), noContent);
    await expectAnswer(proxy.http, send(`DELETE ${path}`), instanceNotFound);
    await expectAnswer(proxy.http, send(`GET ${path}/records`), { ...instanceNotFound, type: BINARY });
  });
});

const subscribe = (body?: string) =>
  send('POST {consumer}/subscription', { type: V2, ...(body === undefined ? {} : { body }) });
const assign = (body?: string) =>
  send('POST {consumer}/assignments', { type: V2, ...(body === undefined ? {} : { body }) });
const exclusive = failure(
  409,
  40903,
  'Illegal state: Subscription to topics, partitions and pattern are mutually exclusive',
);
const invalidTopic = failure(400, 40002, 'The request attempted to perform an operation on an invalid topic.');
const TOPIC_0 = '{"topic":"{topic}","partition":0}';

/** One call on an instance in the given state. */
type StateRow = readonly [
  title: string,
  given: Given,
  ...(Row extends readonly [string, ...infer Rest] ? Rest : never),
];

const states: readonly StateRow[] = [
  [
    'reading before anything was said to be read is 409/40903',
    'new',
    send('GET {consumer}/records', { accept: JSON_V2 }),
    failure(409, 40903, 'Illegal state: Consumer is not subscribed to any topics or assigned any partitions', JSON_V2),
  ],
  ['the subscription of a new instance', 'new', send('GET {consumer}/subscription'), ok('{"topics":[]}')],
  ['the assignments of a new instance', 'new', send('GET {consumer}/assignments'), ok('{"partitions":[]}')],
  ['a commit of a new instance', 'new', send('POST {consumer}/offsets'), ok('[]')],
  ['dropping the subscription of a new instance', 'new', send('DELETE {consumer}/subscription'), noContent],
  ['subscribing to topics', 'new', subscribe('{"topics":["{topic}","{other}"]}'), noContent],
  ['subscribing to a missing topic', 'new', subscribe('{"topics":["{topic}-missing"]}'), noContent],
  ['subscribing to nothing', 'new', subscribe('{"topics":[]}'), noContent],
  ['an empty subscription', 'new', subscribe('{}'), noContent],
  ['subscribing to a pattern', 'new', subscribe('{"topic_pattern":"{topic}.*"}'), noContent],
  [
    'subscribing without a body',
    'new',
    subscribe(),
    unprocessable('subscribe.subscription must not be null (was null)'),
  ],
  [
    'a pattern that is none is 422',
    'new',
    subscribe('{"topic_pattern":"("}'),
    failure(422, 422, /^topic_pattern is not a valid regular expression \(RE2 syntax\): /),
  ],
  [
    'a back reference, which RE2 does not have',
    'new',
    subscribe('{"topic_pattern":"(a)\\\\1"}'),
    failure(422, 422, /^topic_pattern is not a valid regular expression \(RE2 syntax\): /),
  ],
  [
    'null for a topic is 422',
    'new',
    subscribe('{"topics":[null]}'),
    unprocessable('subscribe.subscription.topics[0] must not be null (was null)'),
  ],
  [
    'a blank topic is 422',
    'new',
    subscribe('{"topics":[" "]}'),
    unprocessable('subscribe.subscription.topics[0] must not be blank (was  )'),
  ],
  [
    'topics that are no list',
    'new',
    subscribe('{"topics":"{topic}"}'),
    failure(400, 400, 'Cannot deserialize value of type `List` from String value (token `JsonToken.VALUE_STRING`)'),
  ],
  ['an unknown field of a subscription', 'new', subscribe('{"topic":"t"}'), unprocessable('Unrecognized field: topic')],
  ['assigning a missing topic', 'new', assign('{"partitions":[{"topic":"{topic}-missing","partition":0}]}'), noContent],
  ['assigning a missing partition', 'new', assign('{"partitions":[{"topic":"{topic}","partition":99}]}'), noContent],
  ['assigning nothing', 'new', assign('{"partitions":[]}'), noContent],
  [
    'assigning without a list is 422',
    'new',
    assign('{}'),
    unprocessable('assign.assignmentRequest.partitions must not be null (was null)'),
  ],
  [
    'assigning without a partition is 422',
    'new',
    assign('{"partitions":[{"topic":"{topic}"}]}'),
    unprocessable('assign.assignmentRequest.partitions[0].partition must not be null (was null)'),
  ],
  ['assigning without a body', 'new', assign(), unprocessable('assign.assignmentRequest must not be null (was null)')],
  ['assigning while subscribed', 'subscribed', assign(`{"partitions":[${TOPIC_0}]}`), exclusive],
  ['a pattern while subscribed to names', 'subscribed', subscribe('{"topic_pattern":".*"}'), exclusive],
  ['the subscription', 'subscribed', send('GET {consumer}/subscription'), ok('{"topics":["{topic}"]}')],
  ['dropping the subscription', 'subscribed', send('DELETE {consumer}/subscription'), noContent],
  ['subscribing while assigned', 'assigned', subscribe('{"topics":["{topic}"]}'), exclusive],
  ['the assignments', 'assigned', send('GET {consumer}/assignments'), ok(`{"partitions":[${TOPIC_0}]}`)],
  ['a deleted instance', 'deleted', send('GET {consumer}/assignments'), instanceNotFound],
  ['a topic that no topic can be', 'new', subscribe('{"topics":["a\\u0000b"]}'), invalidTopic],
];

describe('an instance, by its state', () => {
  it.each(states)('%s (%s)', async (_title, given, sent, answer) => {
    const consumer = await instanceIn(given, proxy, topic);
    await expectAnswer(proxy.http, sent, answer, { consumer: consumer.path, topic, other });
  });
});

describe('what a subscription does', () => {
  const then = async (consumer: RestConsumer, ...steps: readonly Row[]): Promise<void> => {
    for (const [, sent, answer] of steps) {
      await expectAnswer(proxy.http, sent, answer, { consumer: consumer.path, topic, other });
    }
  };
  const subscriptionIs = (topics: string): Row => ['', send('GET {consumer}/subscription'), ok(`{"topics":${topics}}`)];

  it('topics win over a pattern in the same request', async () => {
    const consumer = await instanceIn('new', proxy, topic);
    const both = subscribe('{"topics":["{topic}"],"topic_pattern":"("}');
    await then(consumer, ['', both, noContent], subscriptionIs('["{topic}"]'));
  });

  it('subscribing anew replaces', async () => {
    const consumer = await instanceIn('subscribed', proxy, topic);
    await then(consumer, ['', subscribe('{"topics":["{other}"]}'), noContent], subscriptionIs('["{other}"]'));
  });

  it('an empty request changes nothing, an empty list drops it', async () => {
    const consumer = await instanceIn('subscribed', proxy, topic);
    await then(consumer, ['', subscribe('{}'), noContent], subscriptionIs('["{topic}"]'));
    await then(consumer, ['', subscribe('{"topics":[]}'), noContent], subscriptionIs('[]'));
  });

  it('can be dropped twice, and leaves room for an assignment', async () => {
    const consumer = await instanceIn('subscribed', proxy, topic);
    const drop: Row = ['', send('DELETE {consumer}/subscription'), noContent];
    await then(consumer, drop, drop, ['', assign(`{"partitions":[${TOPIC_0}]}`), noContent]);
  });

  it('dropping it drops an assignment, too', async () => {
    const consumer = await instanceIn('assigned', proxy, topic);
    await then(
      consumer,
      ['', send('DELETE {consumer}/subscription'), noContent],
      ['', send('GET {consumer}/assignments'), ok('{"partitions":[]}')],
      ['', subscribe('{"topics":["{topic}"]}'), noContent],
    );
  });

  it('a pattern shows the topics that it matches from the start', async () => {
    const consumer = await instanceIn('new', proxy, topic);
    await then(consumer, ['', subscribe('{"topic_pattern":"{topic}.*"}'), noContent], subscriptionIs('["{topic}"]'));
    expect((await consumer.readAll(2)).map((record) => record.value)).toEqual(['a', 'b']);
    await then(consumer, subscriptionIs('["{topic}"]'));
  });

  it('a pattern matches whole names, as Java’s does', async () => {
    const consumer = await instanceIn('new', proxy, topic);
    const part = fill('{topic}', { topic }).slice(0, -1);
    await then(consumer, ['', subscribe(`{"topic_pattern":"${part}"}`), noContent], subscriptionIs('[]'));
  });

  it('of a missing topic reads an empty list', async () => {
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
    await consumer.subscribe(uniqueName('missing'));
    await then(consumer, ['', send('GET {consumer}/records'), ok('[]', JSON_V2)]);
  });

  it('an assignment to a missing topic reads an empty list', async () => {
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
    await consumer.assign(uniqueName('missing'), 0);
    await then(consumer, ['', send('GET {consumer}/records?timeout=500'), ok('[]', JSON_V2)]);
  });
});
