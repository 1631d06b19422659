import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../harness/broker.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { createTopic } from '../harness/topics.ts';

const BROKER_START_MS = 120_000;
const TEST_MS = 60_000;

let bootstrap: string;
let proxy: SluiceProcess | undefined;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
}, BROKER_START_MS);

afterEach(async () => {
  await proxy?.stop();
}, TEST_MS);

describe('a proxy in a process of its own', () => {
  it(
    'writes to its broker, and ends with 0 on SIGTERM',
    async () => {
      const topic = await createTopic(bootstrap);
      proxy = await startSluice({ properties: { 'bootstrap.servers': bootstrap } });

      const answer = await proxy.http.call('POST', `/topics/${topic}`, {
        headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
        body: '{"records":[{"value":{"n":1}}]}',
      });
      expect(answer.status).toBe(200);
      expect(answer.json()).toMatchObject({ offsets: [{ partition: 0, offset: 0, error_code: null, error: null }] });

      expect(await proxy.stop()).toEqual({ code: 0, signal: null });
    },
    TEST_MS,
  );

  it('says why it does not start', async () => {
    const start = startSluice({ properties: { 'bootstrap.servers': bootstrap, listeners: 'not-an-address' } });
    await expect(start).rejects.toThrow(/the proxy ended at start:[^]*listeners/);
  });
});
