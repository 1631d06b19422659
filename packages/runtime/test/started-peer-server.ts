import type { IncomingMessage, ServerResponse } from 'node:http';
import { peerHeaders } from '@sluice/protocol';
import {
  createLogger,
  formatListenAddress,
  loadConfig,
  Metrics,
  type PeerServer,
  type PeerServerOptions,
  startPeerServer,
} from '@sluice/runtime';
import { onTestFinished } from 'vitest';

export const secret = 'sixteen letters or more';
export const identity = { id: 'node/1', boot: 'boot-1' };
export const limits = loadConfig({ properties: new Map([['bootstrap.servers', 'b:1']]) }).config.http;

export interface StartedPeerServer extends PeerServer {
  readonly url: string;
  readonly logged: () => string;
  /** Metrics in Prometheus' text format. */
  readonly exposed: () => Promise<string>;
  readonly served: { readonly url: string | undefined; readonly secret: unknown; readonly attempt: unknown }[];
}

/** An internal listener that is closed after the test. It serves every attempt with the word `served`. */
export async function startedPeerServer(options: Partial<PeerServerOptions> = {}): Promise<StartedPeerServer> {
  const metrics = new Metrics();
  onTestFinished(() => metrics.close());
  const lines: string[] = [];
  const served: StartedPeerServer['served'] = [];
  const server = await startPeerServer({
    listener: { scheme: 'http', host: '127.0.0.1', port: 0 },
    advertisedHost: '',
    advertisedPort: 0,
    secret,
    identity,
    limits,
    metrics,
    log: createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } }),
    calls: new Map(),
    serve: (req: IncomingMessage, res: ServerResponse, attempt) => {
      served.push({ url: req.url, secret: req.headers[peerHeaders.secret], attempt });
      res.end('served');
    },
    ...options,
  });
  onTestFinished(async () => {
    await server.close(0);
  });
  return {
    ...server,
    url: formatListenAddress(server.address),
    logged: () => lines.join(''),
    exposed: async () => await metrics.expose(),
    served,
  };
}
