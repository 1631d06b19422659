// The yardstick for an edge: http-proxy with a keep-alive agent, and nothing else. It is the http-proxy of the edge.
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';

interface HttpProxy {
  createProxyServer(options: { readonly target: string; readonly agent: Agent }): {
    web(request: IncomingMessage, response: ServerResponse): void;
    on(event: 'error', listener: (error: Error) => void): void;
  };
}

const [, , target = '', port = ''] = process.argv;
const httpProxy = createRequire(new URL('../../../packages/edge/package.json', import.meta.url))(
  'http-proxy',
) as HttpProxy;
const proxy = httpProxy.createProxyServer({ target, agent: new Agent({ keepAlive: true }) });
proxy.on('error', (error) => {
  throw error;
});
createServer((request, response) => proxy.web(request, response)).listen(Number(port), '127.0.0.1');
