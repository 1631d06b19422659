import { describe, expect, it } from 'vitest';
import { type Answer, hasRecovered, longestGap, outageAt } from './outage.ts';

/** Each read begins when the one before is answered. */
const reads = (...times: readonly number[]): Answer[] =>
  times.slice(1).map((answeredAtMs, i) => ({ askedAtMs: times[i] as number, answeredAtMs }));

describe('the outage that a client sees', () => {
  it('lasts from the last answer before the fault to the first after it', () => {
    expect(outageAt(reads(0, 100, 200, 1250, 1350, 1450), 250)).toEqual({ gapMs: 1050, sinceFaultMs: 1000 });
  });

  it('is not over with an answer that had been sent before the fault', () => {
    expect(outageAt(reads(0, 100, 200, 255, 1250, 1350), 250)).toEqual({ gapMs: 995, sinceFaultMs: 1000 });
  });

  it('is over with an answer to a read that began before the fault and was held', () => {
    expect(outageAt(reads(0, 100, 200, 900, 1000), 250)).toMatchObject({ sinceFaultMs: 650 });
  });

  it('has no end before a read that began after the fault is answered', () => {
    const answers = reads(0, 100, 200, 255);
    expect(hasRecovered(answers, 250)).toBe(false);
    expect(() => outageAt(answers, 250)).toThrow(RangeError);
    expect(hasRecovered(reads(0, 100, 200, 255, 300), 250)).toBe(true);
  });
});

describe('the longest silence', () => {
  it('is looked for in the time given, what reaches into it included', () => {
    const answers = reads(0, 100, 600, 700, 750, 1750);
    expect(longestGap(answers, 650, 740)).toBe(100);
    expect(longestGap(answers, 550, 700)).toBe(500);
    expect(longestGap(answers, 650, 760)).toBe(1000);
    expect(longestGap([], 0, 1)).toBe(0);
  });
});
