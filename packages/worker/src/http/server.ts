import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpLimits } from '@sluice/runtime';

type Listener = (req: IncomingMessage, res: ServerResponse) => void;

/** How often the server looks for requests that take too long, in ms. */
const TIMEOUT_CHECK_INTERVAL_MS = 1000;

interface ParserFault {
  readonly status: number;
  readonly message: string;
}

const faults: Readonly<Record<string, ParserFault>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    message: 'The request header is too large (max.request.header.size, sluice.http.headers.max).',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    message: 'Timeout while reading from inputStream',
  },
};

/** A request that never became one: the parser refused it, so there is no response object to answer with. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const fault = faults[error.code ?? ''] ?? { status: 400, message: `Malformed HTTP request: ${error.message}` };
  const body = JSON.stringify({ error_code: fault.status, message: fault.message });
  socket.end(
    `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function countingHeaders(limits: HttpLimits, listener: Listener): Listener {
  return (req, res) => {
    // Names and values take a place each.
    if (req.rawHeaders.length <= 2 * limits.headersMax) listener(req, res);
    else refuse(Object.assign(new Error('too many headers'), { code: 'HPE_HEADER_OVERFLOW' }), req.socket);
  };
}

/** An HTTP server with every limit set; nothing is left to a default that may be "none". */
export function createHttpServer(limits: HttpLimits, listener: Listener): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.headerMaxBytes,
      requestTimeout: limits.bodyTimeoutMs,
      headersTimeout: limits.bodyTimeoutMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
      keepAliveTimeout: limits.idleTimeoutMs,
      noDelay: true,
      // Without a Host a request of HTTP/1.1 is malformed (RFC 9112, 3.2).
      requireHostHeader: true,
      insecureHTTPParser: false,
    },
    countingHeaders(limits, listener),
  );
  server.maxConnections = limits.connectionsMax;
  // Node drops the headers beyond its own count without a word; here they are counted and refused.
  server.maxHeadersCount = 0;
  server.on('clientError', refuse);
  // A client that asks first is told to go on only where its body will be read; a body that is too large is not.
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    if (Number(req.headers['content-length'] ?? 0) <= limits.bodyMaxBytes) res.writeContinue();
    countingHeaders(limits, listener)(req, res);
  });
  return server;
}
