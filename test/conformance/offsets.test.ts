import { beforeAll, describe, expect, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { produceJson, type RestConsumer } from '../harness/rest-consumer.ts';
import { createTopic } from '../harness/topics.ts';
import {
  expectAnswer,
  failure,
  JSON_V2,
  noContent,
  ok,
  type Row,
  type Sent,
  send,
  unsupportedMediaType,
  V2,
} from './exchanges.ts';
import { instanceIn } from './instances.ts';

/** Contract A.9 and A.10; observed (e). Each row has an instance of its own, assigned to five records. */

const proxy = useProxy();
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap, { partitions: 2 });
  await produceJson(proxy.http, topic, [0, 1, 2, 3, 4]);
});

const withBody = (line: string, body?: string): Sent =>
  send(line, { type: V2, ...(body === undefined ? {} : { body }) });
const commit = (body?: string, query = ''): Sent => withBody(`POST {consumer}/offsets${query}`, body);
const committed = (body?: string): Sent => withBody('GET {consumer}/offsets', body);
const seek = (body?: string): Sent => withBody('POST {consumer}/positions', body);
const beginning = (body?: string): Sent => withBody('POST {consumer}/positions/beginning', body);
const end = (body?: string): Sent => withBody('POST {consumer}/positions/end', body);

const at = (offset: number | string, partition = 0) =>
  `{"offsets":[{"topic":"{topic}","partition":${partition},"offset":${offset}}]}`;
const PARTITION_0 = '{"partitions":[{"topic":"{topic}","partition":0}]}';
const PARTITION_1 = '{"partitions":[{"topic":"{topic}","partition":1}]}';
const UNKNOWN = '{"partitions":[{"topic":"{topic}-missing","partition":0}]}';

const nothing = ok('[]');
const unprocessable = (message: string) => failure(422, 422, message);
const missing = (path: string) => unprocessable(`${path} must not be null (was null)`);
const notAssigned = failure(409, 40903, 'Illegal state: No current assignment for partition {topic}-1');

const commits: readonly Row[] = [
  ['no body', commit(), nothing],
  ['no body and no Content-Type', send('POST {consumer}/offsets'), nothing],
  ['an empty body', commit(''), nothing],
  ['null', commit('null'), nothing],
  ['an empty list', commit('{"offsets":[]}'), nothing],
  ['an offset', commit(at(2)), nothing],
  ['an offset with a fraction', commit(at(2.9)), nothing],
  ['an offset as text', commit(at('"2"')), nothing],
  ['an offset with metadata', commit(at('2,"metadata":"m"')), nothing],
  ['an offset of a partition that is not assigned', commit(at(0, 1)), nothing],
  ['an offset past the end', commit(at(1000)), nothing],
  ['what async asks for changes nothing', commit(at(2), '?async=true'), nothing],
  ['text', { ...commit(at(2)), headers: { 'content-type': 'text/plain' } }, unsupportedMediaType],
  ['a commit without a list is 422', commit('{}'), missing('commitOffsets.offsetCommitRequest.offsets')],
  [
    'a commit without an offset is 422',
    commit('{"offsets":[{"topic":"{topic}","partition":0}]}'),
    missing('commitOffsets.offsetCommitRequest.offsets[0].offset'),
  ],
  [
    'a commit of a negative offset is 422',
    commit(at(-5)),
    unprocessable('commitOffsets.offsetCommitRequest.offsets[0].offset must be greater than or equal to 0 (was -5)'),
  ],
  [
    'a commit for a missing partition is 404/40403 at once',
    commit(at(0, 99)),
    failure(404, 40403, 'This server does not host this topic-partition.'),
  ],
  ['an unknown field', commit('{"offsets":[],"foo":1}'), unprocessable('Unrecognized field: foo')],
  ['a body that is no JSON', commit('{'), failure(400, 400, /^Unexpected end-of-input/)],
];

const lookUps: readonly Row[] = [
  ['of a partition without a commit', committed(PARTITION_0), ok('{"offsets":[]}')],
  ['of a missing topic', committed(UNKNOWN), ok('{"offsets":[]}')],
  ['of no partitions', committed('{"partitions":[]}'), ok('{"offsets":[]}')],
  ['without a Content-Type', { ...committed(PARTITION_0), headers: {} }, ok('{"offsets":[]}')],
  [
    'with the Content-Type that curl sends',
    { ...committed(PARTITION_0), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    unsupportedMediaType,
  ],
  ['without a body', committed(), failure(404, 40402, 'Partition not found.')],
  ['of null', committed('null'), failure(404, 40402, 'Partition not found.')],
  ['with an unknown field', committed('{"partitions":[],"foo":1}'), unprocessable('Unrecognized field: foo')],
  ['with a body that is no JSON', committed('{'), failure(400, 400, /^Unexpected end-of-input/)],
  [
    'of partitions in the query alone',
    { ...committed(), path: '{consumer}/offsets?topic=t&partition=0' },
    failure(404, 40402, 'Partition not found.'),
  ],
  ['without a list is 422', committed('{}'), missing('getCommittedOffsets.request.partitions')],
];

const seeks: readonly Row[] = [
  ['to an offset', seek(at(3)), noContent],
  ['to an offset with metadata', seek(at('3,"metadata":"m"')), noContent],
  ['past the end', seek(at(1000)), noContent],
  ['to nothing', seek('{}'), noContent],
  ['to an empty list', seek('{"offsets":[]}'), noContent],
  [
    'to a time',
    seek('{"timestamps":[{"topic":"{topic}","partition":0,"timestamp":"2020-01-01T00:00:00Z"}]}'),
    noContent,
  ],
  [
    'to a time in seconds',
    seek('{"timestamps":[{"topic":"{topic}","partition":0,"timestamp":1577836800.5}]}'),
    noContent,
  ],
  [
    'to a time past the last record',
    seek('{"timestamps":[{"topic":"{topic}","partition":0,"timestamp":"2200-01-01T00:00:00Z"}]}'),
    noContent,
  ],
  ['without a partition, which means 0', seek('{"offsets":[{"topic":"{topic}","offset":1}]}'), noContent],
  ['of a partition that is not assigned', seek(at(0, 1)), notAssigned],
  [
    'to a time of a partition that is not assigned',
    seek('{"timestamps":[{"topic":"{topic}","partition":1,"timestamp":0}]}'),
    notAssigned,
  ],
  [
    'to a negative offset is 422',
    seek(at(-1)),
    unprocessable('seekToOffset.request.offsets[0].offset must be greater than or equal to 0 (was -1)'),
  ],
  [
    'without a topic',
    seek('{"offsets":[{"partition":0,"offset":1}]}'),
    failure(400, 400, 'Cannot construct instance of `PartitionOffset`, problem: Null topic'),
  ],
  [
    'to two times in one partition',
    seek(
      '{"timestamps":[{"topic":"{topic}","partition":0,"timestamp":1},{"topic":"{topic}","partition":0,"timestamp":2}]}',
    ),
    failure(409, 40903, 'Illegal state: Duplicate key {topic}-0'),
  ],
  ['without a body', seek(), missing('seekToOffset.request')],
  ['to the beginning', beginning(PARTITION_0), noContent],
  ['to the beginning of all', beginning('{"partitions":[]}'), noContent],
  ['to the beginning of a partition that is not assigned', beginning(PARTITION_1), notAssigned],
  ['to the beginning without a list is 422', beginning('{}'), missing('seekToBeginning.seekToRequest.partitions')],
  ['to the beginning without a body', beginning(), missing('seekToBeginning.seekToRequest')],
  ['to the end', end(PARTITION_0), noContent],
  ['to the end of all', end('{"partitions":[]}'), noContent],
  ['to the end of a partition that is not assigned', end(PARTITION_1), notAssigned],
  ['to the end without a list is 422', end('{}'), missing('seekToEnd.seekToRequest.partitions')],
  ['to the end without a body', end(), missing('seekToEnd.seekToRequest')],
];

async function assigned(settings: Readonly<Record<string, unknown>> = {}): Promise<RestConsumer> {
  return await instanceIn('assigned', proxy, topic, { 'auto.commit.enable': false, ...settings });
}

describe('committing', () => {
  it.each(commits)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { consumer: (await assigned()).path, topic });
  });

  it('stores the offset after the one in the body', async () => {
    const names = { consumer: (await assigned()).path, topic };
    await expectAnswer(proxy.http, commit(at(2)), nothing, names);
    const stored = ok('{"offsets":[{"topic":"{topic}","partition":0,"offset":3,"metadata":""}]}');
    await expectAnswer(proxy.http, committed(PARTITION_0), stored, names);
  });

  it('takes metadata and does not store it', async () => {
    const names = { consumer: (await assigned()).path, topic };
    await expectAnswer(proxy.http, commit(at('4,"metadata":"mine"')), nothing, names);
    const stored = ok('{"offsets":[{"topic":"{topic}","partition":0,"offset":5,"metadata":""}]}');
    await expectAnswer(proxy.http, committed(PARTITION_0), stored, names);
  });

  it('without a body stores what was read', async () => {
    const consumer = await assigned();
    await consumer.readAll(5);
    const names = { consumer: consumer.path, topic };
    await expectAnswer(proxy.http, commit(), nothing, names);
    const stored = ok('{"offsets":[{"topic":"{topic}","partition":0,"offset":5,"metadata":""}]}');
    await expectAnswer(proxy.http, committed(PARTITION_0), stored, names);
  });
});

describe('looking up committed offsets', () => {
  it.each(lookUps)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { consumer: (await assigned()).path, topic });
  });
});

describe('seeking', () => {
  it.each(seeks)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { consumer: (await assigned()).path, topic });
  });

  const offsetsAfter = async (consumer: RestConsumer, request: Sent, count: number): Promise<number[]> => {
    await expectAnswer(proxy.http, request, noContent, { consumer: consumer.path, topic });
    return (await consumer.readAll(count)).map((record) => record.offset);
  };

  it('goes to the offset itself, which is not the one after', async () => {
    expect(await offsetsAfter(await assigned(), seek(at(3)), 2)).toEqual([3, 4]);
  });

  it('past the end goes on where auto.offset.reset says', async () => {
    expect(await offsetsAfter(await assigned(), seek(at(1000)), 5)).toEqual([0, 1, 2, 3, 4]);
  });

  it('to two offsets in one partition goes to the last of them', async () => {
    const [first, second] = [4, 3].map((offset) => `{"topic":"{topic}","partition":0,"offset":${offset}}`);
    expect(await offsetsAfter(await assigned(), seek(`{"offsets":[${first},${second}]}`), 2)).toEqual([3, 4]);
  });

  it('without an offset goes to 0', async () => {
    const consumer = await assigned();
    await consumer.readAll(5);
    const whole = '{"offsets":[{"topic":"{topic}","partition":0}]}';
    expect(await offsetsAfter(consumer, seek(whole), 5)).toEqual([0, 1, 2, 3, 4]);
  });

  it('by time comes after by offset', async () => {
    const both =
      '{"offsets":[{"topic":"{topic}","partition":0,"offset":4}],"timestamps":[{"topic":"{topic}","partition":0,"timestamp":0}]}';
    expect(await offsetsAfter(await assigned(), seek(both), 5)).toEqual([0, 1, 2, 3, 4]);
  });

  it('to a time past the last record waits for what comes', async () => {
    const written = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, written, ['before']);
    const consumer = await instanceIn('assigned', proxy, written);
    const future = '{"timestamps":[{"topic":"{written}","partition":0,"timestamp":"2200-01-01T00:00:00Z"}]}';
    await expectAnswer(proxy.http, seek(future), noContent, { consumer: consumer.path, written });
    const empty = ok('[]', JSON_V2);
    await expectAnswer(proxy.http, send('GET {consumer}/records?timeout=300'), empty, { consumer: consumer.path });
    await produceJson(proxy.http, written, ['after']);
    expect((await consumer.readAll(1)).map((record) => record.value)).toEqual(['after']);
  });
});
