import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { onTestFinished } from 'vitest';

export const portOf = (server: Server | TcpServer): number => (server.address() as AddressInfo).port;

/** Listens on a free port until the test is over. */
export async function listening<T extends Server | TcpServer>(server: T): Promise<T> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return server;
}

/** A port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A handler that takes its time, as a listener. */
export function answering(handler: Handler): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => void handler(request, response);
}

export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: object;
  readonly body?: string | Buffer;
}

/** One request on a connection of its own. */
export async function call(
  port: number,
  { method = 'GET', path = '/', headers = {}, body }: Call = {},
): Promise<Answer> {
  const outgoing = httpRequest({ host: '127.0.0.1', port, method, path, headers: { ...headers }, agent: false });
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, text: (await bodyOf(answer)).toString() };
}
