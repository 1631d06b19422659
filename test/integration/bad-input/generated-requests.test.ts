import * as fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { answerName, declaredAnswers } from '../../harness/declared-answers.ts';
import { backTo, footprintOf, seriousLogLines } from '../../harness/footprint.ts';
import { useProxy } from '../../harness/proxy.ts';
import { openRaw, type RawAnswer } from '../../harness/raw-http.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { sharedRegistry } from '../../harness/shared-registry.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';
import { type GeneratedRequest, type KnownNames, requestsTo } from './request-generator.ts';

/** `SLUICE_TEST_SEED` repeats a run: the seed stands in the name of the test. */
const SEED = Number(process.env['SLUICE_TEST_SEED'] ?? Date.now() % 1_000_000);
const RUNS = 400;
/** A slow machine runs fewer. */
const RUNS_MS = 60_000;
const TEST_MS = RUNS_MS + 50_000;
const ANSWER_MS = 8000;
/** What the HTTP server says of a request before anybody looks for its route. */
const BEFORE_ROUTING = ['400/400', '431/431'];

const proxy = useProxy(async () => ({
  'schema.registry.url': (await sharedRegistry()).url,
  'consumer.request.timeout.ms': '30',
  'sluice.consumer.max.timeout.ms': '100',
  'sluice.consumer.first.read.timeout.ms': '200',
  'sluice.produce.metadata.timeout.ms': '100',
  'consumer.instance.timeout.ms': '5000',
  'sluice.consumer.instances.max': '50',
}));
let known: KnownNames;

beforeAll(async () => {
  const topics = [await createTopic(proxy.bootstrap), await createTopic(proxy.bootstrap, { partitions: 2 })];
  await produceJson(proxy.http, topics[0] as string, ['a', { b: 1 }]);
  known = { topics, group: uniqueName('group'), instances: ['one', 'two', 'three', 'four'] };
});

/** The instances that requests are thrown at; a generated DELETE may have ended them. */
async function makeInstances(): Promise<void> {
  for (const name of known.instances) {
    const made = await proxy.http.call('POST', `/consumers/${known.group}`, {
      headers: { 'content-type': `application/vnd.kafka.${name === 'four' ? 'v1' : 'v2'}+json` },
      body: JSON.stringify({
        name,
        format: name === 'one' ? 'binary' : 'json',
        'auto.offset.reset': name === 'four' ? 'smallest' : 'earliest',
      }),
    });
    if (made.status === 409) continue;
    const consumer = new RestConsumer(proxy.http, `/consumers/${known.group}/instances/${name}`, 'json');
    if (name === 'two') await consumer.assign(known.topics[0] as string, 0);
    if (name === 'three') await consumer.subscribe(...known.topics);
  }
}

async function exchange({ method, target, headers, body }: GeneratedRequest): Promise<RawAnswer> {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const length = body === undefined ? '' : `Content-Length: ${body.length}\r\n`;
  const connection = await openRaw(proxy.url);
  try {
    connection.send(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}${length}\r\n`);
    if (body !== undefined) connection.send(body);
    await connection.closed(ANSWER_MS);
    const text = connection.text().replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
    const [head = '', ...rest] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 \d{3} /);
    return { status: Number(head.slice(9, 12)), headers: {}, body: rest.join('\r\n\r\n') };
  } finally {
    connection.vanish();
  }
}

function check({ method, target }: GeneratedRequest, { status, body }: RawAnswer): void {
  const declared = [...BEFORE_ROUTING, ...declaredAnswers(method, target)];
  if (method === 'HEAD') {
    // Without a body nobody knows the code.
    expect(declared.map((name) => name.slice(0, 3))).toContain(String(status));
    return;
  }
  if (status < 400) {
    if (method !== 'OPTIONS' && body !== '' && !body.startsWith('\x1f\x8b')) JSON.parse(body);
    expect(declared).toContain(String(status));
    return;
  }
  const name = answerName(status, body);
  expect(declared).toContain(name);
  // The answer to what nobody foresaw.
  expect(name).not.toBe('500/500');
  // A produce response.
  if (name === '401' || name === '403') return;
  expect(JSON.parse(body)).toEqual({ error_code: expect.any(Number), message: expect.stringMatching(/./s) });
}

it(
  `generated requests get documented answers, and leave nothing behind (seed ${SEED})`,
  async () => {
    await proxy.http.call('GET', '/brokers');
    // Its client is kept for the next such read, longer than this test waits for the proxy to let go.
    await proxy.http.call('GET', `/topics/${known.topics[0]}/partitions/0/messages?offset=0`);
    const before = await footprintOf(proxy);
    await makeInstances();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(requestsTo(known), async (request) => {
        runs += 1;
        if (runs % 20 === 0) await makeInstances();
        check(request, await exchange(request));
      }),
      { numRuns: RUNS, seed: SEED, plugins: [fc.interruptAfterTimeLimit(RUNS_MS)] },
    );
    expect(runs).toBeGreaterThan(100);
    expect((await proxy.management.call('GET', '/livez')).status).toBe(200);
    expect(await seriousLogLines(proxy)).toEqual([]);

    for (const name of known.instances) {
      await proxy.http.call('DELETE', `/consumers/${known.group}/instances/${name}`);
    }
    // Those that requests made under names of their own stay until they expire.
    await backTo(proxy, before);
  },
  TEST_MS,
);
