import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiListeners, ConnectionMetrics, frontOf } from '@sluice/runtime';
import { listenerTls } from './listener-tls.ts';
import type { ServerContext } from './server-context.ts';

/** Where clients reach the API, in every role that has such places. */
export function createApiListeners(
  { configuration, metrics, log, dialect, lifecycle, version }: ServerContext,
  serve: (req: IncomingMessage, res: ServerResponse) => void,
): ApiListeners {
  const { listeners, http } = configuration.config;
  return new ApiListeners({
    addresses: listeners.map((listener) => ({ ...listener, secure: listenerTls(listener) })),
    limits: http,
    serve: frontOf(
      {
        config: configuration.config,
        metrics,
        log,
        dialect,
        health: { ready: () => lifecycle.state === 'ready', version },
      },
      serve,
    ),
    connections: new ConnectionMetrics(metrics, http.connectionsMax),
    log,
  });
}
