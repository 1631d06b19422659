import { beforeAll, describe, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { produceJson } from '../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import {
  AVRO,
  BINARY,
  expectAnswer,
  failure,
  instanceNotFound,
  JSON_SCHEMA,
  JSON_V2,
  noContent,
  notAcceptable,
  ok,
  PROTOBUF,
  type Row,
  send,
  unsupportedMediaType,
  V2,
} from './exchanges.ts';
import { instanceIn } from './instances.ts';

/**
 * Contract A.3, by the numbers of its rules; observed (a). Where there is no v1, as in the proxy that was observed: it would
 * answer much of what v2 refuses, see v1-versions.test.ts.
 */

const proxy = useProxy({ 'api.v1.enable': 'false' });
let topic: string;
let oneRecord: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap);
  oneRecord = await createTopic(proxy.bootstrap);
  await produceJson(proxy.http, oneRecord, [{ a: 1 }]);
});

const RECORDS = '{"records":[{"value":"AQ=="}]}';
const PRODUCED =
  /^\{"offsets":\[\{"partition":0,"offset":\d+,"error_code":null,"error":null\}\],"key_schema_id":null,"value_schema_id":null\}$/;
const FORM = 'application/x-www-form-urlencoded';

const produce = (type: string | undefined, accept?: string) =>
  send('POST /topics/{topic}', {
    body: RECORDS,
    ...(type === undefined ? {} : { type }),
    ...(accept === undefined ? {} : { accept }),
  });

const contentType: readonly Row[] = [
  [
    '1: a GET is judged by its Content-Type, too',
    send('GET /topics', { type: 'application/json' }),
    unsupportedMediaType,
  ],
  ['1: curl’s default form type is refused', send('GET /topics/{topic}', { type: FORM }), unsupportedMediaType],
  [
    '1: a DELETE is judged by its Content-Type, too',
    send('DELETE /consumers/g/instances/i', { type: 'application/json' }),
    unsupportedMediaType,
  ],
  ['1: GET /brokers takes anything', send('GET /brokers', { type: 'text/plain' }), ok('{"brokers":[1]}')],
  ['1: upper case is the same type', produce(JSON_V2.toUpperCase()), ok(PRODUCED)],
  ['1: a charset changes nothing', produce(`${JSON_V2}; charset=utf-8`), ok(PRODUCED)],
  ['1: a wildcard is what is taken without a header', produce('application/*'), ok(PRODUCED)],
  ['1: a wildcard of another kind is refused', produce('text/*'), unsupportedMediaType],
  ['1: an empty header is none', produce(''), ok(PRODUCED)],
  ['1: metadata take the type without a format only', send('GET /topics', { type: JSON_V2 }), unsupportedMediaType],
  ['2: plain JSON is refused', produce('application/json'), unsupportedMediaType],
  ['2: octets are refused', produce('application/octet-stream'), unsupportedMediaType],
  ['2: text is refused', produce('text/plain'), unsupportedMediaType],
  ['2: the type without a format is refused for records', produce(V2), unsupportedMediaType],
  ['2: a format that nobody knows', produce('application/vnd.kafka.xml.v2+json'), unsupportedMediaType],
  ['2: a format of version 1', produce('application/vnd.kafka.json.v1+json'), unsupportedMediaType],
  ['2: version 1', produce('application/vnd.kafka+json'), unsupportedMediaType],
  ['3: records without Content-Type are base64', produce(undefined), ok(PRODUCED)],
  [
    '3: records without Content-Type that are not base64',
    send('POST /topics/{topic}', { body: '{"records":[{"value":{"a":1}}]}' }),
    failure(400, 400, 'Bad Request: data={"a":1} is not a base64 string.'),
  ],
  [
    '4: a malformed Content-Type is 400 with a reason',
    produce('nonsense'),
    failure(400, 400, 'The Content-Type header is malformed.', null),
  ],
  [
    '4: a malformed Accept is 400 with a reason',
    send('GET /topics', { accept: 'nonsense' }),
    failure(400, 400, 'The Accept header is malformed.', null),
  ],
];

const accept: readonly Row[] = [
  ['5: no Accept means v2', produce(JSON_V2), ok(PRODUCED, V2)],
  ['5: anything means v2', produce(JSON_V2, '*/*'), ok(PRODUCED, V2)],
  ['5: any application type means v2', produce(JSON_V2, 'application/*'), ok(PRODUCED, V2)],
  ['6: v2 by name', produce(JSON_V2, V2), ok(PRODUCED, V2)],
  ['6: parameters of the type change nothing', produce(JSON_V2, `${V2}; charset=utf-8`), ok(PRODUCED, V2)],
  ['6: a produce cannot answer in an embedded format', produce(JSON_V2, JSON_V2), notAcceptable],
  ['6: plain JSON is not acceptable', produce(JSON_V2, 'application/json'), notAcceptable],
  ['6: version 1 is not acceptable', produce(JSON_V2, 'application/vnd.kafka.v1+json'), notAcceptable],
  ['6: the type without a version is not acceptable', produce(JSON_V2, 'application/vnd.kafka+json'), notAcceptable],
  ['6: text is not acceptable', produce(JSON_V2, 'text/plain'), notAcceptable],
  ['6: metadata as plain JSON', send('GET /topics', { accept: 'application/json' }), notAcceptable],
  [
    '6: records as plain JSON',
    send('GET /consumers/g/instances/i/records', { accept: 'application/json' }),
    notAcceptable,
  ],
  ['6: DELETE as plain JSON', send('DELETE /consumers/g/instances/i', { accept: 'application/json' }), notAcceptable],
  ['6: what q=0 excludes is not acceptable', send('GET /brokers', { accept: `${V2};q=0` }), notAcceptable],
  [
    '7: the only acceptable one of three wins, whatever its q',
    produce(JSON_V2, `text/html;q=.9, ${V2};q=.5, application/json;q=.8`),
    ok(PRODUCED, V2),
  ],
  [
    '8: an error has the negotiated type',
    send('GET /topics/{topic}/partitions/9'),
    failure(404, 40402, 'Partition not found.', V2),
  ],
  [
    '8: an error of a read without Accept is binary',
    send('GET /consumers/g/instances/i/records'),
    { ...instanceNotFound, type: BINARY },
  ],
  [
    '8: an error of a read has the type that was asked for',
    send('GET /consumers/g/instances/i/records', { accept: JSON_V2 }),
    { ...instanceNotFound, type: JSON_V2 },
  ],
  [
    '8: an error of another consumer route has the type that was asked for',
    send('GET /consumers/g/instances/i/subscription', { accept: AVRO }),
    { ...instanceNotFound, type: AVRO },
  ],
  [
    '8: an error of a consumer route without Accept is v2',
    send('GET /consumers/g/instances/i/subscription'),
    instanceNotFound,
  ],
  [
    '9: an unacceptable Accept is answered without a type',
    send('GET /', { accept: 'text/plain' }),
    { ...notAcceptable, type: null },
  ],
  [
    '10: a 415 is told in v2 to those who accept exactly that',
    produce('text/plain', V2),
    { ...unsupportedMediaType, type: V2 },
  ],
  [
    '10: a 415 is told in v2 when the first entry is not on the list',
    produce('text/plain', `text/html, ${V2}`),
    { ...unsupportedMediaType, type: V2 },
  ],
  ['10: a parameter makes it another entry', produce('text/plain', `${V2};q=0.5`), unsupportedMediaType],
  [
    '10: the root is no exception',
    send('POST /', { type: 'text/plain', accept: `${V2}, application/octet-stream` }),
    { ...unsupportedMediaType, type: V2 },
  ],
  ['10: a wrong Content-Type is told before a wrong Accept', produce('text/plain', 'text/plain'), unsupportedMediaType],
  [
    '11: a partition that is no number',
    send('POST /topics/{topic}/partitions/abc', { type: JSON_V2, body: RECORDS }),
    failure(404, 404, 'HTTP 404 Not Found'),
  ],
];

describe('Content-Type, by the rules of contract A.3', () => {
  it.each(contentType)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic });
  });
});

describe('Accept, by the rules of contract A.3', () => {
  it.each(accept)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic });
  });

  it.each([V2, BINARY, JSON_V2, AVRO, JSON_SCHEMA, PROTOBUF])(
    '6: a create answers in the type asked for: %s',
    async (type) => {
      const group = uniqueName('group');
      const body = /^\{"instance_id":"rest-consumer-[0-9a-f-]{36}","base_uri":"[^"]+"\}$/;
      await expectAnswer(proxy.http, send('POST /consumers/{group}', { type, accept: type }), ok(body, type), {
        group,
      });
    },
  );

  it.each([
    ['the higher q', `${AVRO};q=0.9, ${V2};q=0.5`, AVRO],
    ['the server’s preference where q is the same', `${AVRO}, ${V2}`, V2],
    ['a wildcard of higher q', `application/*, ${AVRO};q=0.9`, V2],
  ])('7: a create answers by %s', async (_title, wanted, type) => {
    const sent = send(`POST /consumers/${uniqueName('group')}`, { accept: wanted });
    await expectAnswer(proxy.http, sent, ok(/^\{"instance_id":/, type));
  });

  it.each([V2, BINARY, JSON_V2, AVRO, JSON_SCHEMA, PROTOBUF])(
    '2: consumer routes take every type of v2: %s',
    async (type) => {
      const consumer = await instanceIn('new', proxy, topic);
      await expectAnswer(proxy.http, send('DELETE {consumer}', { type }), noContent, { consumer: consumer.path });
    },
  );
});

describe('the types of a 415', () => {
  const configured = useProxy({
    'api.v1.enable': 'false',
    'response.mediatype.preferred': `${JSON_V2},text/html`,
    'response.mediatype.default': V2,
  });

  it.each([
    ['those that are preferred', `text/html, ${JSON_V2}`, 'text/html'],
    ['the default for others', 'application/json', V2],
    ['the default without Accept', undefined, V2],
  ])('10: are those of the configuration: %s', async (_title, wanted, type) => {
    await expectAnswer(configured.http, produce('text/plain', wanted), { ...unsupportedMediaType, type }, { topic });
  });
});

const BASE64 = '[{"topic":"{topic}","key":null,"value":"eyJhIjoxfQ==","partition":0,"offset":0}]';
const PLAIN = '[{"topic":"{topic}","key":null,"value":{"a":1},"partition":0,"offset":0}]';
const mismatch = (type: string) =>
  failure(
    406,
    40601,
    'The requested embedded data format does not match the deserializer for this consumer instance',
    type,
  );

/** What a read answers: the instance's format, the Accept header, the answer. */
const reads: readonly (readonly [title: string, format: string, accept: string | undefined, answer: Row[2]])[] = [
  ['7: a read without Accept answers in the format of its instance', 'json', undefined, ok(PLAIN, JSON_V2)],
  ['5: a read without Accept of a binary instance', 'binary', undefined, ok(BASE64, BINARY)],
  ['5: a read of anything', 'json', '*/*', ok(PLAIN, JSON_V2)],
  ['6: a read of v2 is base64 under the type of v2', 'binary', V2, ok(BASE64, V2)],
  ['6: a read of the instance’s own type', 'json', JSON_V2, ok(PLAIN, JSON_V2)],
  ['6: a read of v2 from a json instance', 'json', V2, mismatch(V2)],
  ['6: a read of binary from a json instance', 'json', BINARY, mismatch(BINARY)],
  ['6: a read of json from a binary instance', 'binary', JSON_V2, mismatch(JSON_V2)],
  ['6: a read of avro from a json instance', 'json', AVRO, mismatch(AVRO)],
  ['7: the server’s preference comes before exactness', 'json', `${JSON_V2}, ${V2}`, mismatch(V2)],
  ['7: a higher q comes before the server’s preference', 'json', `${V2};q=0.5, ${JSON_V2}`, ok(PLAIN, JSON_V2)],
  ['7: a wildcard beside the type means the instance’s own format', 'json', `${JSON_V2}, */*`, ok(PLAIN, JSON_V2)],
];

describe('Accept of a read', () => {
  it.each(reads)('%s', async (_title, format, wanted, answer) => {
    const consumer = await instanceIn('assigned', proxy, oneRecord, { format });
    const sent = send('GET {consumer}/records?timeout=5000', wanted === undefined ? {} : { accept: wanted });
    await expectAnswer(proxy.http, sent, answer, { consumer: consumer.path, topic: oneRecord });
  });
});
