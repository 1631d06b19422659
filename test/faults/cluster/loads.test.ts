import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { useProxy } from '../../harness/proxy.ts';
import { check } from './checker.ts';
import { startLoads } from './loads.ts';

const LOAD_MS = 5000;
const PROGRESS_MS = 10_000;
const COMMIT_INTERVAL_MS = 500;
const proxy = useProxy({ 'consumer.auto.commit.interval.ms': String(COMMIT_INTERVAL_MS) });

it('all loads at once find nothing to complain about at a proxy that stands alone', { timeout: 90_000 }, async () => {
  const loads = await startLoads({
    bootstrap: proxy.bootstrap,
    urls: () => [proxy.url],
    seed: 1,
    bounds: { flushMs: 0, expiresAfterMs: 300_000, commitIntervalMs: 2 * COMMIT_INTERVAL_MS },
    requestTimeoutMs: 10_000,
  });
  await delay(LOAD_MS);
  await loads.waitForProgress({ at: loads.startWindow().until, whom: 'all' }, PROGRESS_MS);
  const evidence = { ...(await loads.finish()), faults: [loads.startWindow()] };
  expect(check(evidence)).toEqual([]);
  const operations = new Set(evidence.entries.map(({ operation }) => operation));
  expect(operations).toEqual(
    new Set(['produce', 'create', 'subscribe', 'assign', 'read', 'commit', 'delete', 'observe']),
  );
});
