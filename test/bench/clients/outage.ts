/** A successful read, on one clock. */
export interface Answer {
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

export interface Outage {
  /** From the last answer before it to the first after it. */
  readonly gapMs: number;
  /** From the fault to the first answer after it. */
  readonly sinceFaultMs: number;
}

/** Whether somebody answers again: what was asked before a fault may have been answered before it, too. */
export function hasRecovered(answers: readonly Answer[], faultAtMs: number): boolean {
  return (answers.at(-1)?.askedAtMs ?? 0) >= faultAtMs;
}

/**
 * What a fault was to a client that reads all the time: the longest silence from its last answer before the fault on. Not
 * simply the first: what came in just after the fault may have been sent before it.
 */
export function outageAt(answers: readonly Answer[], faultAtMs: number): Outage {
  const after = answers.findIndex(({ askedAtMs }) => askedAtMs >= faultAtMs);
  if (after === -1) throw new RangeError('no read that began after the fault was answered');
  const first = Math.max(
    0,
    answers.findLastIndex(({ answeredAtMs }) => answeredAtMs <= faultAtMs),
  );
  let longest: Outage = { gapMs: 0, sinceFaultMs: 0 };
  for (let i = Math.max(1, first + 1); i <= after; i += 1) {
    const end = (answers[i] as Answer).answeredAtMs;
    const gapMs = end - (answers[i - 1] as Answer).answeredAtMs;
    if (gapMs > longest.gapMs) longest = { gapMs, sinceFaultMs: end - faultAtMs };
  }
  return longest;
}

/** The longest silence that has begun before `toMs` and ended after `fromMs`. */
export function longestGap(answers: readonly Answer[], fromMs: number, toMs: number): number {
  let longest = 0;
  for (let i = 1; i < answers.length; i += 1) {
    const begin = (answers[i - 1] as Answer).answeredAtMs;
    const end = (answers[i] as Answer).answeredAtMs;
    if (begin < toMs && end > fromMs) longest = Math.max(longest, end - begin);
  }
  return longest;
}
