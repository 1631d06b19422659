import type { ServerResponse } from 'node:http';

/**
 * Calls once: when an answer has left, or nobody is there to take it any more. One that waits for those before it on its
 * connection is not told by Node when that ends.
 *
 * @returns what ends the watch without calling back
 */
export function onceOver(res: ServerResponse, then: () => void): () => void {
  const { socket } = res.req;
  let isWatched = true;
  const stop = (): void => {
    isWatched = false;
    res.off('close', over);
    socket.off('close', over);
  };
  const over = (): void => {
    // The answer hears of the end of its connection while the others on it are told.
    if (!isWatched) return;
    stop();
    then();
  };
  res.on('close', over);
  socket.on('close', over);
  return stop;
}
