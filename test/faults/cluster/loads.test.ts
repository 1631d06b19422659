import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { useProxy } from '../../harness/proxy.ts';
import { check } from './checker.ts';
import type { FaultWindow } from './evidence.ts';
import { startLoads } from './loads.ts';

const LOAD_MS = 5000;
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
  const start: FaultWindow = {
    name: 'the start',
    from: 0,
    until: loads.history.now(),
    progressAfter: [],
    progressMs: 0,
    repeats: 'uncommitted',
    failures: 'none',
  };
  const since = loads.history.now();
  await loads.waitForProgress(since, LOAD_MS + 10_000);
  await delay(Math.max(0, LOAD_MS - (loads.history.now() - since)));
  const evidence = { ...(await loads.finish()), faults: [start] };
  expect(check(evidence)).toEqual([]);
  const operations = new Set(evidence.entries.map(({ operation }) => operation));
  expect(operations).toEqual(
    new Set(['produce', 'create', 'subscribe', 'assign', 'read', 'commit', 'delete', 'observe']),
  );
});
