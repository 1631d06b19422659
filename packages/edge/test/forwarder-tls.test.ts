import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { PeerTls } from '@sluice/runtime';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Certificate } from '../../../test/harness/certificates.ts';
import { type TestAuthority, testAuthority, tlsOf } from '../../../test/harness/peer-certificates.ts';
import type { ForwardOutcome } from '../src/forward-attempt.ts';
import { Forwarder } from '../src/forwarder.ts';
import { cleanRequestHeaders } from '../src/headers.ts';
import { answering, bodyOf, call, listening, portOf } from './http-exchange.ts';

let cluster: TestAuthority;
let stranger: TestAuthority;
let node: Certificate;
let foreign: Certificate;

beforeAll(async () => {
  [cluster, stranger] = await Promise.all([testAuthority(), testAuthority()]);
  [node, foreign] = await Promise.all([cluster.issue('node'), stranger.issue('foreign')]);
}, 60_000);
afterAll(async () => {
  await Promise.all([cluster?.remove(), stranger?.remove()]);
});

interface Edge {
  readonly port: number;
  readonly outcomes: ForwardOutcome[];
}

/** Forwards each request to one node, with TLS. */
async function edgeTo(port: number): Promise<Edge> {
  const forwarder = new Forwarder(tlsOf(node, cluster));
  onTestFinished(() => forwarder.close());
  const outcomes: ForwardOutcome[] = [];
  const server = await listening(
    createHttpServer(
      answering(async (request, response) => {
        const body = await bodyOf(request);
        cleanRequestHeaders(request);
        const outcome = await forwarder.forward({
          request,
          response,
          body,
          target: { host: '127.0.0.1', port },
          headers: { 'x-sluice-secret': 'between us' },
          kind: 'call',
          fresh: false,
          repeatable: true,
          timeoutMs: 10_000,
          clientStallMs: 5000,
        });
        outcomes.push(outcome);
        if (outcome.type === 'failed') response.writeHead(502).end(outcome.error.message);
      }),
    ),
  );
  return { port: portOf(server), outcomes };
}

const echo = answering(async (request, response) => {
  response.end(`${request.headers.host} ${request.url} ${(await bodyOf(request)).toString()}`);
});

/** A node that answers with what it was asked, and counts its connections. */
async function secureNode(
  tls: PeerTls,
  onRequest: RequestListener = echo,
): Promise<{ readonly port: number; readonly connections: () => number; readonly open: () => number }> {
  let connections = 0;
  let open = 0;
  const server = createHttpsServer(tls.serverOptions, onRequest);
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => {
    connections += 1;
    open += 1;
    socket.once('close', () => (open -= 1));
  });
  // Its connections are those of https, which `listening` need not know.
  await listening(server as unknown as Server);
  return { port: portOf(server), connections: () => connections, open: () => open };
}

/** Accepts, keeps what it hears, and does nothing more. */
async function deafNode(onSocket: (socket: Socket) => void = () => undefined) {
  let heard = '';
  const server = await listening(
    createTcpServer((socket) => {
      onTestFinished(() => void socket.destroy());
      socket.on('error', () => undefined).on('data', (data) => (heard += data.toString('latin1')));
      onSocket(socket);
    }),
  );
  return { port: portOf(server), heard: () => heard };
}

describe('a request that is forwarded with TLS', () => {
  it('arrives as it came, over one connection whatever hosts its clients ask for', async () => {
    const { port, connections } = await secureNode(tlsOf(node, cluster));
    const edge = await edgeTo(port);
    for (const host of ['one.example', 'two.example', 'three.example:8082']) {
      const answer = await call(edge.port, { method: 'POST', path: '//a/../b', headers: { host }, body: 'x' });
      expect([answer.status, answer.text]).toEqual([200, `${host} //a/../b x`]);
    }
    expect(connections()).toBe(1);
    expect(edge.outcomes.map(({ type }) => type)).toEqual(['answered', 'answered', 'answered']);
  });

  it('ends at the node when its client goes away', async () => {
    const holder = await secureNode(tlsOf(node, cluster), (_request, response) => void response.write('half'));
    const edge = await edgeTo(holder.port);
    const client = connect(edge.port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
    await once(client, 'data');
    client.destroy();
    await expect.poll(() => holder.open(), { timeout: 4000 }).toBe(0);
    expect(edge.outcomes).toMatchObject([{ type: 'answered', delivered: false }]);
  });

  it('is not sent to a node whose certificate is of another authority, and can be sent elsewhere', async () => {
    const { port, connections } = await secureNode(tlsOf(foreign, stranger));
    const edge = await edgeTo(port);
    const answer = await call(edge.port, { method: 'POST', body: 'mine' });
    expect([answer.status, answer.text]).toEqual([502, 'self-signed certificate in certificate chain']);
    expect(edge.outcomes).toMatchObject([{ type: 'failed', sent: false, refused: false, reused: false }]);
    expect(connections()).toBe(0);
  });

  it('is not sent to a node that takes the connection and does not agree on TLS, which costs it seconds', async () => {
    const { port, heard } = await deafNode();
    const edge = await edgeTo(port);
    const answer = await call(edge.port, { method: 'POST', body: 'mine' });
    expect([answer.status, answer.text]).toEqual([502, 'No agreement on TLS within 3000 ms.']);
    expect(edge.outcomes).toMatchObject([{ type: 'failed', sent: false, refused: false }]);
    expect(heard()).not.toBe('');
    expect(heard()).not.toMatch(/mine|between us/);
  });

  it('was not sent when the connection breaks before they agree on TLS', async () => {
    const { port } = await deafNode((socket) => void once(socket, 'data').then(() => socket.destroy()));
    const edge = await edgeTo(port);
    expect(await call(edge.port, { method: 'POST', body: 'mine' })).toMatchObject({ status: 502 });
    expect(edge.outcomes).toMatchObject([{ type: 'failed', sent: false }]);
  });
});
