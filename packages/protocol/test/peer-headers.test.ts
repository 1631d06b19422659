import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Attempt, formatAttempt, parseAttempt } from '../src/peer-headers.ts';

const requestIds = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});
const epochs = fc.maxSafeNat();
const nodes = fc.record({ id: fc.string({ unit: 'binary', minLength: 1 }), boot: fc.uuid() });
const claims = fc.record({
  from: fc.record({ node: nodes, epoch: epochs }),
  reason: fc.constantFrom<'expired' | 'refused'>('expired', 'refused'),
});
const attempts: fc.Arbitrary<Attempt> = fc.record({
  requestId: requestIds,
  epoch: fc.option(epochs, { nil: undefined }),
  claim: fc.option(claims, { nil: undefined }),
  delivered: fc.option(fc.array(requestIds, { minLength: 1, maxLength: 5 }), { nil: undefined }),
});

describe('the headers of an attempt', () => {
  it('say all of it', () => {
    fc.assert(
      fc.property(attempts, (attempt) => {
        expect(parseAttempt(formatAttempt(attempt))).toEqual(attempt);
      }),
    );
  });

  it.each([
    '',
    ' ',
    'id ',
    'id  7',
    'id -7',
    'id 7 ',
    'id 7  read',
    'id 12345678901234567',
    'id\t7',
    `${'i'.repeat(201)} 7`,
  ])('are refused when they are %j', (text) => {
    expect(parseAttempt({ 'x-sluice-attempt': text })).toBeUndefined();
  });
});
