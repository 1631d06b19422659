import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dialectOf } from '@sluice/protocol';
import { createLogger, frontOf, loadConfig, Metrics } from '@sluice/runtime';
import { onTestFinished } from 'vitest';
import { type HttpClient, httpClient } from '../../../../test/harness/http.ts';

type Serve = (req: IncomingMessage, res: ServerResponse) => void;

interface Fronted extends HttpClient {
  readonly port: number;
  /** What got through, `METHOD PATH ACCEPT`. */
  readonly served: string[];
  readonly logged: () => Record<string, unknown>[];
  readonly exposed: () => Promise<string>;
  /** From here on the process says that requests should go elsewhere. */
  readonly retire: () => void;
}

/** As a worker writes the head of an answer. */
const answering: Serve = (_req, res) => {
  res.writeHead(200, ['Content-Type', 'text/x', 'Vary', 'Accept-Encoding', 'Content-Length', '6']).end('served');
};

/** A server whose requests go through what the properties ask for, and for whose limits it is always the same moment. */
export async function fronted(properties: Record<string, string>, serve: Serve = answering): Promise<Fronted> {
  const { config } = loadConfig({ properties: new Map([['bootstrap.servers', 'b:1'], ...Object.entries(properties)]) });
  const metrics = new Metrics();
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
  const served: string[] = [];
  let isReady = true;
  const health = { ready: () => isReady, version: '1.2.3' };
  const dialect = dialectOf(config.dialect);
  const server = createServer(
    frontOf({ config, metrics, log, now: () => 5000, dialect, health }, (req, res) => {
      served.push([req.method, req.url, req.headers.accept].filter((part) => part !== undefined).join(' '));
      serve(req, res);
    }),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    metrics.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    ...httpClient(`http://127.0.0.1:${port}`),
    port,
    served,
    logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    exposed: async () => await metrics.expose(),
    retire: () => {
      isReady = false;
    },
  };
}

/** What is wrong with the properties. */
export function problemsWith(properties: Record<string, string>): readonly string[] {
  try {
    loadConfig({ properties: new Map([['bootstrap.servers', 'b:1'], ...Object.entries(properties)]) });
    return [];
  } catch (error) {
    return (error as { problems: readonly string[] }).problems;
  }
}
