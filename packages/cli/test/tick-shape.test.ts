import { expect, it } from 'vitest';
import { keepTickShape } from '../src/tick-shape.ts';

it('the object of a tick is kept, as Node makes it', async () => {
  // With those, and two symbols, `process.nextTick` writes the object out: another would have another hidden class.
  expect(Object.keys(await keepTickShape())).toEqual(['callback', 'args']);
});
