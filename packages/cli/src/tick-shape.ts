import { executionAsyncResource } from 'node:async_hooks';

const kept: { tick?: object } = {};

/**
 * Keeps what `process.nextTick` makes of a call for as long as the process lives. Each such object has the same hidden
 * class; when V8 collects old objects at a moment at which none of them is alive, that class goes, and to make the next
 * ones costs many times as much ever after. To forward a request takes about twenty of them: in two processes of three it
 * cost a tenth more. So this comes before all else: the first such collection is while the modules are loaded.
 *
 * @returns what is kept, once the tick has come
 */
export async function keepTickShape(): Promise<object> {
  return await new Promise((resolve) => {
    process.nextTick(() => {
      kept.tick = executionAsyncResource();
      resolve(kept.tick);
    });
  });
}
