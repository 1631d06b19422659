interface Limit {
  readonly timeoutMs: number;
  /** Why the work is ended when the time is over. */
  readonly overdue: () => Error;
  /** They end the work as well, each with its own reason. */
  readonly parents: readonly (AbortSignal | undefined)[];
}

/**
 * Runs work that ends as soon as its signal is aborted, with the signal's reason. Leaves nothing behind:
 * `AbortSignal.any` would keep a trace of each call at a parent that lives long.
 */
export async function withDeadline<T>(limit: Limit, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const end = (event: Event): void => controller.abort((event.target as AbortSignal).reason);
  const timer = setTimeout(() => controller.abort(limit.overdue()), limit.timeoutMs);
  for (const parent of limit.parents) {
    if (parent?.aborted === true) controller.abort(parent.reason);
    parent?.addEventListener('abort', end);
  }
  try {
    controller.signal.throwIfAborted();
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    for (const parent of limit.parents) parent?.removeEventListener('abort', end);
  }
}

/** Settles as the promise does; rejects with the signal's reason as soon as it is aborted. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    promise.then(resolve, (error: unknown) => reject((signal.aborted ? signal.reason : error) as Error));
  });
}
