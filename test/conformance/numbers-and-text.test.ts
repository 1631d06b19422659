import { beforeAll, describe, expect, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { createTopic } from '../harness/topics.ts';
import { BINARY, expectAnswer, failure, JSON_V2, ok, type Row, send, transmit } from './exchanges.ts';
import { instanceIn } from './instances.ts';

/**
 * What of a JSON or base64 value arrives in the topic. Observed (h) and (i): Confluent parses and prints each value
 * anew, here the value's own text goes through. The third column is what Confluent 7.9.2 writes where that differs.
 */

const proxy = useProxy();

const exactValues: readonly (readonly [sent: string, written: string, confluent?: string])[] = [
  ['1e400', '1e400', '"Infinity"'],
  ['-1e400', '-1e400', '"-Infinity"'],
  ['12345678901234567890', '12345678901234567890'],
  ['123456789012345678901234567890', '123456789012345678901234567890'],
  ['9007199254740993', '9007199254740993'],
  ['1.0', '1.0'],
  ['1.10', '1.10', '1.1'],
  ['19.90', '19.90', '19.9'],
  ['1e2', '1e2', '100.0'],
  ['1E+2', '1E+2', '100.0'],
  ['1.234567890123456789', '1.234567890123456789', '1.2345678901234567'],
  ['-0', '-0', '0'],
  ['-0.0', '-0.0'],
  ['1e-400', '1e-400', '0.0'],
  ['100000000000000000000000000.5', '100000000000000000000000000.5', '1.0E26'],
  ['{"b":1,"2024":2}', '{"b":1,"2024":2}'],
  ['{"b":1,"a":2,"b":3}', '{"b":1,"a":2,"b":3}', '{"b":3,"a":2}'],
  ['{ "a" : [ 1 , 2 ] }', '{"a":[1,2]}'],
  ['" a  b "', '" a  b "'],
  ['"a\\/b"', '"a\\/b"', '"a/b"'],
  ['"\\u00e9"', '"\\u00e9"', '"é"'],
  ['"é"', '"é"'],
  ['"😀"', '"😀"', '"\\uD83D\\uDE00"'],
  ['"\\ud83d"', '"\\ud83d"', '"\\uD83D"'],
  ['false', 'false'],
  ['0', '0'],
  ['""', '""'],
  ['{}', '{}'],
  ['{"a":null}', '{"a":null}'],
];

const refusedNumbers: readonly string[] = ['01', '+1', '.5', '1.', 'NaN', '0x1', "'a'", 'Infinity', '1e', '-'];

const badBase64 = (json: string, what: string) =>
  failure(400, 400, `Bad Request: data=${json} is not a ${what} string.`);
const postBinary = (value: string) =>
  send('POST /topics/{topic}', { type: BINARY, body: `{"records":[{"value":${value}}]}` });

const refusedBase64: readonly Row[] = [
  ['other characters', postBinary('"!!!"'), badBase64('"!!!"', 'valid base64')],
  ['an impossible length', postBinary('"A"'), badBase64('"A"', 'valid base64')],
  ['the URL-safe alphabet', postBinary('"-_-_"'), badBase64('"-_-_"', 'valid base64')],
  ['a space', postBinary('"AQ ="'), badBase64('"AQ ="', 'valid base64')],
  ['a newline', postBinary('"AQ==\\n"'), badBase64('"AQ==\\n"', 'valid base64')],
  ['a number', postBinary('12'), badBase64('12', 'base64')],
  ['an object', postBinary('{"a":1}'), badBase64('{"a":1}', 'base64')],
];

const takenBase64: readonly (readonly [sent: string, read: string])[] = [
  ['"AQ=="', '"AQ=="'],
  ['"AQ"', '"AQ=="'],
  ['"AR=="', '"AQ=="'],
  ['""', '""'],
  ['"\\/w=="', '"/w=="'],
  ['null', 'null'],
];

/** Produces the records and reads them back; both as the JSON texts of their values. */
async function roundTrip(records: readonly string[], produceType: string, readFormat: string): Promise<string[]> {
  const topic = await createTopic(proxy.bootstrap);
  const body = `{"records":[${records.join(',')}]}`;
  const produced = await transmit(proxy.http, send(`POST /topics/${topic}`, { type: produceType, body }));
  expect(produced.text).not.toMatch(/"error_code":\d/);
  const consumer = await instanceIn('assigned', proxy, topic, { format: readFormat });
  const answer = await transmit(proxy.http, send(`GET ${consumer.path}/records?timeout=10000`));
  // Cut by hand: a parser would print the numbers anew that are looked at here.
  const parts = answer.text
    .slice(1, -1)
    .split(/,?\{"topic":"[^"]+",/)
    .slice(1);
  return parts.map((part) => part.replace(/,"partition":0,"offset":\d+\}$/, ''));
}

describe('a JSON value in the topic, byte for byte', () => {
  let inTopic: readonly string[];
  let read: readonly string[];

  beforeAll(async () => {
    const records = exactValues.map(([sent]) => `{"value":${sent}}`);
    inTopic = await roundTrip(records, JSON_V2, 'binary');
    read = await roundTrip(records, JSON_V2, 'json');
  });

  it.each(exactValues.map(([sent, written], index) => ({ sent, written, index })))('$sent', ({ written, index }) => {
    const base64 = Buffer.from(written).toString('base64');
    expect(inTopic[index]).toBe(`"key":null,"value":"${base64}"`);
    expect(read[index]).toBe(`"key":null,"value":${written}`);
  });

  it('numbers, keys and escapes arrive as they were written', () => {
    expect(read.map((record) => record.replace('"key":null,"value":', ''))).toEqual(
      exactValues.map(([, written]) => written),
    );
  });

  it('null, no value and an empty record are all tombstones, and so are keys', async () => {
    const records = ['{"value":null}', '{}', '{"key":null,"value":null}', '{"key":"k"}'];
    expect(await roundTrip(records, JSON_V2, 'binary')).toEqual([
      '"key":null,"value":null',
      '"key":null,"value":null',
      '"key":null,"value":null',
      '"key":"Imsi","value":null',
    ]);
  });

  it.each(refusedNumbers)('%s is not JSON', async (text) => {
    const sent = send('POST /topics/t', { type: JSON_V2, body: `{"records":[{"value":${text}}]}` });
    await expectAnswer(proxy.http, sent, failure(400, 400, /./));
  });
});

describe('base64', () => {
  it('may lack its padding and have bits left over; the empty string is not null', async () => {
    const records = takenBase64.map(([sent]) => `{"value":${sent}}`);
    const expected = takenBase64.map(([, read]) => `"key":null,"value":${read}`);
    expect(await roundTrip(records, BINARY, 'binary')).toEqual(expected);
  });

  it.each(refusedBase64)('is refused with %s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic: 'any' });
  });
});

describe('a json consumer', () => {
  it.each([
    ['text', Buffer.from('not json')],
    ['zero bytes', Buffer.alloc(0)],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('that meets %s answers 408/40801, again on each read', async (_title, bytes) => {
    const topic = await createTopic(proxy.bootstrap);
    const body = `{"records":[{"value":"${bytes.toString('base64')}"}]}`;
    await transmit(proxy.http, send(`POST /topics/${topic}`, { type: BINARY, body }));
    const consumer = await instanceIn('assigned', proxy, topic);
    const poison = failure(
      408,
      40801,
      /^Error deserializing VALUE for partition \S+-0 at offset 0: .+ If needed, please seek past the record to continue consumption\.$/,
      JSON_V2,
    );
    for (let i = 0; i < 2; i += 1) {
      await expectAnswer(proxy.http, send(`GET ${consumer.path}/records?timeout=10000`, { accept: JSON_V2 }), poison);
    }
  });

  it('reads the first value and leaves out what follows it', async () => {
    const topic = await createTopic(proxy.bootstrap);
    const value = Buffer.from('{"a":1} {"b":2}').toString('base64');
    await transmit(
      proxy.http,
      send(`POST /topics/${topic}`, { type: BINARY, body: `{"records":[{"value":"${value}"}]}` }),
    );
    const consumer = await instanceIn('assigned', proxy, topic);
    const answer = ok(`[{"topic":"${topic}","key":null,"value":{"a":1},"partition":0,"offset":0}]`, JSON_V2);
    await expectAnswer(proxy.http, send(`GET ${consumer.path}/records?timeout=10000`), answer);
  });
});
