import { expect, test } from 'vitest';
import { deferred } from '../../../../test/harness/conditions.ts';
import { SingleFlight } from '../../src/registry/single-flight.ts';

test('what is under way is not begun again; what has ended is', async () => {
  const flights = new SingleFlight<string, number>();
  const first = deferred<number>();
  let begun = 0;
  const work = async (): Promise<number> => {
    begun += 1;
    return begun === 1 ? await first.promise : 2;
  };
  const waiting = [flights.run('a', work), flights.run('a', work)];
  await expect(flights.run('b', async () => await Promise.resolve(7))).resolves.toBe(7);
  first.resolve(1);
  await expect(Promise.all(waiting)).resolves.toEqual([1, 1]);
  await expect(flights.run('a', work)).resolves.toBe(2);
});

test('a failure is that of all who wait, and of nobody who comes later', async () => {
  const flights = new SingleFlight<string, number>();
  const first = deferred<number>();
  const waiting = [0, 1].map(async () => await flights.run('a', async () => await first.promise));
  first.reject(new Error('no'));
  const results = await Promise.allSettled(waiting);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(flights.run('a', async () => await Promise.resolve(1))).resolves.toBe(1);
});
