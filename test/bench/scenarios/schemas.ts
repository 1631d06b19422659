import { countRecords, createBenchTopic, deleteTopic, prefill } from '../bench-topics.ts';
import { SLUICE, SLUICE_JSON } from '../goals.ts';
import { AVRO_SCHEMA, contentType, produceAvroBody, produceBody } from '../payloads.ts';
import type { BenchRun, Scenario } from './bench-run.ts';
import { consumeContender, RECORDS, RUNS_A_ROUND } from './consume.ts';
import { PARTITIONS, produceContender } from './produce.ts';

const BATCH_RECORDS = 100;
const CONNECTIONS = 16;
const TIMEOUT_MS = 30_000;

/** Registers the schema for the values of a topic. @returns its id */
async function register(registry: string, topic: string): Promise<number> {
  const response = await fetch(`${registry}/subjects/${topic}-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: AVRO_SCHEMA }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`the schema was not registered: ${await response.text()}`);
  return ((await response.json()) as { id: number }).id;
}

/** Fills a topic through the proxy: a schema's records are written with its help. */
async function prefillAvro({ sluice, bootstrap }: BenchRun, topic: string, body: string): Promise<void> {
  let left = RECORDS / BATCH_RECORDS;
  const send = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      const response = await fetch(`${sluice.url}/topics/${topic}`, {
        method: 'POST',
        headers: { 'content-type': contentType('avro') },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`the topic could not be filled: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, send));
  const count = await countRecords(bootstrap, topic, PARTITIONS);
  if (count !== RECORDS) throw new Error(`the topic holds ${count} records, not the ${RECORDS} written`);
}

/** However often it was used, a schema was made ready once. */
async function verifyCompilations({ metrics }: BenchRun): Promise<void> {
  const [, count] = /^sluice_schema_compile_seconds_count\{.*type="AVRO".*\} (\d+)$/m.exec(await metrics()) ?? [];
  if (count !== '1') throw new Error(`the schema was compiled ${count} times`);
}

interface Topics {
  readonly avro: string;
  readonly json: string;
  readonly avroBody: string;
}

async function withTopics(run: BenchRun, work: (topics: Topics) => Promise<void>): Promise<void> {
  if (run.registry === undefined) throw new Error('there is no schema registry');
  const [avro, json] = [
    await createBenchTopic(run.bootstrap, PARTITIONS),
    await createBenchTopic(run.bootstrap, PARTITIONS),
  ];
  try {
    const id = await register(run.registry.url, avro);
    await work({ avro, json, avroBody: produceAvroBody(id, BATCH_RECORDS) });
    await verifyCompilations(run);
  } finally {
    await deleteTopic(run.bootstrap, avro);
    await deleteTopic(run.bootstrap, json);
  }
}

export const produceBatchAvro: Scenario = async (run, measure) => {
  await withTopics(run, async ({ avro, json, avroBody }) => {
    const load = { recordsPerRequest: BATCH_RECORDS, connections: CONNECTIONS };
    const jsonBody = produceBody('json', BATCH_RECORDS);
    await measure({
      name: 'produce-batch-avro',
      contenders: [
        produceContender({ ...run.sluice, name: SLUICE }, run, { ...load, format: 'avro', body: avroBody }, avro),
        produceContender({ ...run.sluice, name: SLUICE_JSON }, run, { ...load, format: 'json', body: jsonBody }, json),
      ],
    });
  });
};

export const consumeAvro: Scenario = async (run, measure) => {
  await withTopics(run, async ({ avro, json, avroBody }) => {
    await prefillAvro(run, avro, avroBody);
    await prefill(run.bootstrap, json, PARTITIONS, RECORDS);
    await measure({
      name: 'consume-avro',
      contenders: [
        consumeContender({ ...run.sluice, name: SLUICE }, avro, 'avro'),
        consumeContender({ ...run.sluice, name: SLUICE_JSON }, json, 'json'),
      ],
      rounds: RUNS_A_ROUND * run.effort.rounds,
    });
  });
};
