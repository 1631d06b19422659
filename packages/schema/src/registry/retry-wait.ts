export interface RetryWaitOptions {
  /** The longest first wait; each later one may take twice as long. */
  readonly retryWaitMs: number;
  readonly retryMaxWaitMs: number;
}

/** Statuses that pass: Confluent's client tries them again as well. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

export function isPassing(status: number): boolean {
  return PASSING.has(status);
}

/**
 * How long to wait before the next try, in ms: anything up to a bound that doubles, so that those who failed together
 * don't come again together; at least what the registry asks for.
 * @param round of the tries, from 0
 * @param retryAfter the header: seconds, or a date (RFC 9110 section 10.2.3)
 */
export function retryWait(round: number, retryAfter: string | undefined, options: RetryWaitOptions): number {
  const boundMs = Math.min(options.retryMaxWaitMs, options.retryWaitMs * 2 ** round);
  return Math.max(Math.random() * boundMs, retryAfterMs(retryAfter));
}

function retryAfterMs(header: string | undefined): number {
  if (header === undefined) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? 0 : ms;
}
