import { setTimeout as delay } from 'node:timers/promises';

const DEFAULT_INTERVAL_MS = 20;

interface EventuallyOptions {
  readonly deadlineMs: number;
  /** What is waited for, as the end of the sentence "waited for …". */
  readonly describe: string;
  /** Between two looks. */
  readonly intervalMs?: number;
}

interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
}

/** `Promise.withResolvers`, which Node 20 does not have. */
export function deferred<Value = void>(): Deferred<Value> {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Settles as the promise does, or rejects when the deadline comes first. */
export async function within<Value>(promise: Promise<Value>, deadlineMs: number, describe: string): Promise<Value> {
  const late = deferred<never>();
  const timer = setTimeout(() => late.reject(new Error(`waited ${deadlineMs} ms in vain for ${describe}`)), deadlineMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Looks again and again until `check` gives something other than undefined or false, and returns that. A check that
 * throws counts as "not yet"; its last error is the cause of the failure when the deadline passes.
 */
export async function eventually<Value>(
  check: () => Promise<Value | undefined | false> | Value | undefined | false,
  options: EventuallyOptions,
): Promise<Value> {
  const end = performance.now() + options.deadlineMs;
  let cause: unknown;
  for (;;) {
    const leftMs = end - performance.now();
    if (leftMs <= 0) throw new Error(`waited ${options.deadlineMs} ms in vain for ${options.describe}`, { cause });
    try {
      const value = await within(Promise.resolve(check()), leftMs, options.describe);
      if (value !== undefined && value !== false) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await delay(options.intervalMs ?? DEFAULT_INTERVAL_MS);
  }
}
