import { afterAll, beforeAll, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { RestConsumer } from '../../harness/rest-consumer.ts';
import { sharedRegistry } from '../../harness/shared-registry.ts';
import { type SluiceProcess, startSluice } from '../../harness/sluice.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

/** Schemas that refer to others in the registry: produced by id, for v2 has no field for references. */

const START_MS = 240_000;

let proxy: SluiceProcess;
let bootstrap: string;
let registry: string;

beforeAll(async () => {
  const [broker, shared] = await Promise.all([sharedBroker(), sharedRegistry()]);
  ({ bootstrap } = broker);
  registry = shared.url;
  proxy = await startSluice({ properties: { 'bootstrap.servers': bootstrap, 'schema.registry.url': registry } });
}, START_MS);
afterAll(async () => {
  await proxy?.stop();
});

interface Reference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

async function register(
  subject: string,
  schemaType: string,
  schema: string,
  references: readonly Reference[] = [],
): Promise<number> {
  const answer = await fetch(`${registry}/subjects/${encodeURIComponent(subject)}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schemaType, schema, references }),
  });
  const text = await answer.text();
  expect({ status: answer.status, text }).toEqual({ status: 200, text });
  return (JSON.parse(text) as { id: number }).id;
}

const DRAFT = '"$schema":"http://json-schema.org/draft-07/schema#"';

interface Case {
  readonly format: string;
  readonly type: string;
  /** What the last one stands on: each refers to the one before it. */
  readonly chain: readonly { readonly name: string; readonly schema: string }[];
  readonly schema: string;
  readonly value: unknown;
  readonly bad: unknown;
  readonly message: RegExp;
}

const cases: readonly Case[] = [
  {
    format: 'avro',
    type: 'AVRO',
    chain: [
      { name: 'ref.Unit', schema: '{"type":"enum","name":"Unit","namespace":"ref","symbols":["KG","L"]}' },
      {
        name: 'ref.Amount',
        schema:
          '{"type":"record","name":"Amount","namespace":"ref","fields":[{"name":"n","type":"int"},{"name":"unit","type":"Unit"}]}',
      },
    ],
    schema:
      '{"type":"record","name":"Order","namespace":"ref","fields":[{"name":"amount","type":["null","ref.Amount"]}]}',
    value: { amount: { 'ref.Amount': { n: 1, unit: 'KG' } } },
    bad: { amount: { 'ref.Amount': { n: 1, unit: 'M' } } },
    message: /^Bad Request: Unknown symbol in enum M \(value of record 0, at \/amount\/.*unit\)$/,
  },
  {
    format: 'jsonschema',
    type: 'JSON',
    chain: [
      { name: 'http://ref/unit.json', schema: `{${DRAFT},"$id":"http://ref/unit.json","enum":["KG","L"]}` },
      {
        name: 'http://ref/amount.json',
        schema: `{${DRAFT},"$id":"http://ref/amount.json","type":"object","properties":{"n":{"type":"integer"},"unit":{"$ref":"unit.json"}}}`,
      },
    ],
    schema: `{${DRAFT},"$id":"http://ref/order.json","type":"object","properties":{"amount":{"$ref":"amount.json"}}}`,
    value: { amount: { n: 1, unit: 'KG' } },
    bad: { amount: { n: 1, unit: 'M' } },
    message: /^Bad Request: #\/amount\/unit: .*enum.* \(value of record 0, at \/amount\/unit\)$/,
  },
  {
    format: 'protobuf',
    type: 'PROTOBUF',
    chain: [
      { name: 'unit.proto', schema: 'syntax = "proto3"; package ref; enum Unit { KG = 0; L = 1; }' },
      {
        name: 'amount.proto',
        schema: 'syntax = "proto3"; package ref; import "unit.proto"; message Amount { int32 n = 1; Unit unit = 2; }',
      },
    ],
    schema: 'syntax = "proto3"; package ref; import "amount.proto"; message Order { Amount amount = 1; }',
    value: { amount: { n: 1, unit: 'L' } },
    bad: { amount: { n: 1, unit: 'M' } },
    message: /^Bad Request: Invalid enum value: "?M"? for enum type: ref\.Unit \(value of record 0/,
  },
];

it.each(cases)('$format', async ({ format, type, chain, schema, value, bad, message }) => {
  const topic = await createTopic(bootstrap);
  let references: Reference[] = [];
  for (const { name, schema: text } of chain) {
    const subject = uniqueName('reference');
    await register(subject, type, text, references);
    references = [{ name, subject, version: 1 }];
  }
  const id = await register(`${topic}-value`, type, schema, references);
  const produce = async (of: unknown) =>
    await proxy.http.call('POST', `/topics/${topic}`, {
      headers: { 'content-type': `application/vnd.kafka.${format}.v2+json` },
      body: JSON.stringify({ value_schema_id: id, records: [{ value: of, partition: 0 }] }),
    });
  const refused = await produce(bad);
  expect({ status: refused.status, text: refused.text }).toMatchObject({ status: 400 });
  expect((refused.json() as { message: string }).message).toMatch(message);
  const taken = await produce(value);
  expect({ status: taken.status, text: taken.text }).toMatchObject({ status: 200 });
  const consumer = await RestConsumer.create(proxy.http, `group-${topic}`, { format });
  await consumer.assign(topic, 0);
  expect(await consumer.readAll(1)).toMatchObject([{ value }]);
});
