import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { eventually, within } from '../../harness/conditions.ts';
import { type FaultyRegistry, startFaultyRegistry } from '../../harness/faulty-registry.ts';
import type { HttpAnswer } from '../../harness/http.ts';
import { sharedRegistry } from '../../harness/shared-registry.ts';
import { type SluiceProcess, startSluice } from '../../harness/sluice.ts';
import { createTopic } from '../../harness/topics.ts';

/** Reads of a partition without a group, whose next record has a schema that the registry does not tell. */

const START_MS = 240_000;
const AVRO = 'application/vnd.kafka.avro.v2+json';
/** Longer than a test may take: who waits that long has not heard of what happened. */
const LONG_MS = 60_000;
const SOON = { deadlineMs: 10_000, describe: 'what should happen' };

let registry: FaultyRegistry;
let writer: SluiceProcess;
let topic: string;
let bootstrap: string;

beforeAll(async () => {
  const [broker, real] = await Promise.all([sharedBroker(), sharedRegistry()]);
  ({ bootstrap } = broker);
  registry = await startFaultyRegistry(real.url);
  writer = await startSluice({ properties: { 'bootstrap.servers': bootstrap, 'schema.registry.url': real.url } });
  topic = await createTopic(bootstrap);
  const written = await writer.http.call('POST', `/topics/${topic}`, {
    headers: { 'content-type': AVRO },
    body: '{"value_schema":"\\"long\\"","records":[{"value":1,"partition":0}]}',
  });
  expect(written.status).toBe(200);
  registry.lie(({ path }) => (path.startsWith('/schemas/ids/') ? () => undefined : undefined));
}, START_MS);
afterAll(async () => {
  await writer?.stop();
  await registry?.close();
});

async function startReader(): Promise<SluiceProcess> {
  return await startSluice({
    properties: {
      'bootstrap.servers': bootstrap,
      'schema.registry.url': registry.url,
      'schema.registry.http.read.timeout.ms': String(LONG_MS),
      'sluice.schema.registry.timeout.ms': String(LONG_MS),
      'sluice.consumer.max.timeout.ms': String(LONG_MS),
      // A read that does not hear of the end would hold it up for so long.
      'shutdown.graceful.ms': String(LONG_MS),
    },
  });
}

/** A read that waits for the registry by now. */
async function waitingRead(by: SluiceProcess, signal?: AbortSignal): Promise<{ readonly answer: Promise<HttpAnswer> }> {
  const asked = registry.requests.length;
  const answer = by.http.call('GET', `/topics/${topic}/partitions/0/records?offset=0&timeout=${LONG_MS}`, {
    headers: { accept: AVRO },
    timeoutMs: LONG_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  answer.catch(() => undefined);
  await eventually(() => registry.requests.length > asked, SOON);
  return { answer };
}

describe('a read of a partition that waits for a schema', () => {
  it('ends when its client leaves', async () => {
    const reader = await startReader();
    onTestFinished(async () => void (await reader.stop()));
    const underWay = async (): Promise<string> => (await reader.management.call('GET', '/metrics')).text;
    const client = new AbortController();
    await waitingRead(reader, client.signal);
    expect(await underWay()).toMatch(/^sluice_consumer_reads 1$/m);
    client.abort();
    await eventually(async () => /^sluice_consumer_reads 0$/m.test(await underWay()), SOON);
  });

  it('is answered when the process ends, which it does not hold up', async () => {
    const reader = await startReader();
    onTestFinished(async () => void (await reader.stop()));
    const { answer } = await waitingRead(reader);
    reader.signal('SIGTERM');
    const { status, text } = await within(answer, SOON.deadlineMs, 'the answer');
    expect({ status, text }).toEqual({ status: 200, text: '[]' });
    expect(await within(reader.exited, SOON.deadlineMs, 'the end')).toMatchObject({ code: 0 });
  });
});
