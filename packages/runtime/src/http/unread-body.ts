import type { IncomingMessage, ServerResponse } from 'node:http';

/** A body of this size is on its way already: dropping it costs less than a new connection. */
const SMALL_BYTES = 65_536;
/** How long a client may go on sending a body that was answered without being read. */
const LINGER_MS = 2000;

/**
 * Lets go what nobody read of a request's body. Answers true when more than a little of it may still come: the
 * connection must end with the answer then.
 */
export function dropBody(req: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  if (req.complete || (length === undefined && coding === undefined)) return false;
  req.resume();
  return coding !== undefined || Number(length) > SMALL_BYTES;
}

/**
 * Sends an answer at once and ends it, which closes the connection, when the client has stopped sending. A connection
 * closed on bytes that nobody took is reset, and the reset often overtakes the answer: the client would see a broken
 * pipe in place of its 413. The body must be as long as the Content-Length says, so that nobody waits for the end.
 */
export function endAfterRequest(req: IncomingMessage, res: ServerResponse, body: string): void {
  const end = (): void => {
    clearTimeout(timer);
    req.off('end', end).off('close', end);
    res.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.once('end', end).once('close', end);
  res.write(body);
}
