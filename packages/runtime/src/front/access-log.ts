import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestId } from '../http/request-id.ts';
import type { Logger } from '../logger.ts';
import { onceOver } from './once-over.ts';

const PATH_CHARS_MAX = 1024;
const AGENT_CHARS_MAX = 256;
/** In front of the path where a client sends all of its URL; a name and a password may stand there. */
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i;
/** As nginx has it: the client left before its answer was whole. */
const CLIENT_GONE = 499;

/**
 * A line for each request, when its answer has left: who, what, how long; no query and no content. The id is the one that
 * the answer carries.
 *
 * @param name of `request.logger.name`
 */
export function logAccess(req: IncomingMessage, res: ServerResponse, log: Logger, name: string): void {
  const startedAt = performance.now();
  const id = requestId(req.headers['x-request-id']);
  req.headers['x-request-id'] = id;
  const { method, socket, httpVersion } = req;
  const { remoteAddress: from, bytesWritten } = socket;
  const [path = ''] = (req.url ?? '').replace(AUTHORITY, '').split('?', 1);
  const agent = req.headers['user-agent']?.slice(0, AGENT_CHARS_MAX);
  onceOver(res, () => {
    const status = res.writableFinished ? res.statusCode : CLIENT_GONE;
    const ms = Math.round((performance.now() - startedAt) * 10) / 10;
    const bytesOut = socket.bytesWritten - bytesWritten;
    log.info(
      {
        logger: name,
        requestId: id,
        from,
        method,
        path: path.slice(0, PATH_CHARS_MAX),
        httpVersion,
        status,
        ms,
        bytesOut,
        agent,
      },
      'request',
    );
  });
}
