import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ForwardOutcome } from '../src/forward-attempt.ts';
import { type Forward, Forwarder } from '../src/forwarder.ts';
import { cleanRequestHeaders } from '../src/headers.ts';
import { answering, bodyOf, call, closedPort, listening, portOf } from './http-exchange.ts';

interface Edge {
  readonly port: number;
  readonly outcomes: ForwardOutcome[];
}

const forwarders: Forwarder[] = [];

interface EdgeOptions {
  readonly nodes: readonly number[];
  readonly readBody?: boolean;
  readonly forward?: Partial<Forward>;
}

/** Forwards each request to the nodes in turn, until one answers. */
async function edgeTo({ nodes, readBody = false, forward = {} }: EdgeOptions): Promise<Edge> {
  const forwarder = new Forwarder();
  forwarders.push(forwarder);
  const outcomes: ForwardOutcome[] = [];
  const server = await listening(
    createHttpServer(
      answering(async (request, response) => {
        const body = readBody ? await bodyOf(request) : undefined;
        cleanRequestHeaders(request);
        for (const port of nodes) {
          const target = { host: '127.0.0.1', port };
          const base = {
            request,
            response,
            body,
            target,
            headers: {},
            kind: 'call' as const,
            fresh: false,
            repeatable: false,
            timeoutMs: 5000,
            clientStallMs: 5000,
          };
          const outcome = await forwarder.forward({ ...base, ...forward });
          outcomes.push(outcome);
          if (outcome.type === 'answered' || outcome.type === 'abandoned') return;
        }
        response.writeHead(502).end('nobody');
      }),
    ),
  );
  return { port: portOf(server), outcomes };
}

/** A node that only collects what it is sent, and what it does about it. */
async function rawNode(
  onData: (socket: Socket, received: string) => void,
): Promise<{ port: number; received: () => string }> {
  let received = '';
  const server = await listening(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        received += data.toString('latin1');
        onData(socket, received);
      });
    }),
  );
  return { port: portOf(server), received: () => received };
}

afterEach(() => {
  for (const forwarder of forwarders.splice(0)) forwarder.close();
});

describe('a forwarded request', () => {
  it('reaches the node as it was sent, and its answer the client', async () => {
    const seen: { method?: string | undefined; url?: string | undefined; body: string }[] = [];
    const node = await listening(
      createHttpServer(
        answering(async (request, response) => {
          seen.push({ method: request.method, url: request.url, body: (await bodyOf(request)).toString() });
          response
            .writeHead(
              201,
              'Made',
              [
                ['X-Twice', '1'],
                ['X-Twice', '2'],
                ['Content-Type', 'text/x'],
              ].flat(),
            )
            .end('yes');
        }),
      ),
    );
    for (const readBody of [false, true]) {
      const edge = await edgeTo({ nodes: [portOf(node)], readBody });
      const answer = await call(edge.port, { method: 'POST', path: '/a%2Fb?q=%20', body: 'content' });
      expect(answer).toMatchObject({
        status: 201,
        text: 'yes',
        headers: { 'content-type': 'text/x', 'x-twice': '1, 2' },
      });
      expect(edge.outcomes).toEqual([{ type: 'answered', status: 201, delivered: true, awaited: false }]);
    }
    expect(seen).toEqual(Array.from({ length: 2 }, () => ({ method: 'POST', url: '/a%2Fb?q=%20', body: 'content' })));
  });

  it('carries nothing between the nodes that a client made up, and nothing to the client that is between the nodes', async () => {
    let got: IncomingMessage['headers'] = {};
    const node = await listening(
      createHttpServer((request, response) => {
        got = request.headers;
        response
          .writeHead(200, { 'x-sluice-attempt': '7', 'x-request-id': 'r', connection: 'x-hop', 'x-hop': '1' })
          .end();
      }),
    );
    const edge = await edgeTo({ nodes: [portOf(node)], forward: { headers: { 'x-sluice-attempt': '5' } } });
    const forged = {
      'X-Sluice-Secret': 'guess',
      'x-sluice-attempt': '9',
      connection: 'x-mine',
      'x-mine': '1',
      te: 'trailers',
    };
    const { headers } = await call(edge.port, {
      headers: { ...forged, 'x-request-id': 'mine', host: 'public.example:80' },
    });
    expect(got).toEqual({
      host: 'public.example:80',
      'x-request-id': 'mine',
      'x-sluice-attempt': '5',
      connection: 'keep-alive',
    });
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['x-sluice-attempt']));
    expect(headers).not.toHaveProperty('x-hop');
    expect(headers['x-request-id']).toBe('r');
  });

  it('is one request to the node when it is a chunked DELETE (http-proxy: its body was a second one)', async () => {
    const smuggled = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n';
    for (const method of ['DELETE', 'OPTIONS']) {
      for (const readBody of [false, true]) {
        const urls: (string | undefined)[] = [];
        const node = await listening(
          createHttpServer(
            answering(async (request, response) => {
              urls.push(request.url);
              response.end((await bodyOf(request)).toString());
            }),
          ),
        );
        const edge = await edgeTo({ nodes: [portOf(node)], readBody });
        const answer = await call(edge.port, {
          method,
          path: '/real',
          headers: { 'transfer-encoding': 'chunked' },
          body: smuggled,
        });
        expect(answer).toMatchObject({ status: 200, text: smuggled });
        // Whatever came behind it on the same connection would be answered before this one.
        await call(edge.port, { path: '/next' });
        expect(urls).toEqual(['/real', '/next']);
      }
    }
  });

  it('ends at the node when its client goes away (http-proxy: it went on for nobody)', async () => {
    let ended: Promise<unknown> = Promise.resolve();
    const arrived = new Promise<void>((resolve) => {
      void listening(
        createHttpServer((_request, response) => {
          ended = once(response, 'close');
          resolve();
        }),
      ).then(async (node) => {
        const edge = await edgeTo({ nodes: [portOf(node)] });
        const client = connect(edge.port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
        await arrived;
        client.destroy();
        await expect.poll(() => edge.outcomes).toEqual([{ type: 'abandoned', sent: true }]);
      });
    });
    await arrived;
    await ended;
  });

  it('is cut off when the node dies in the middle of its answer (http-proxy: the client waited for ever)', async () => {
    const node = await rawNode((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', () => socket.destroy());
    });
    const edge = await edgeTo({ nodes: [node.port] });
    await expect(call(edge.port)).rejects.toThrow(/aborted|socket hang up/);
    await expect
      .poll(() => edge.outcomes)
      .toEqual([{ type: 'answered', status: 200, delivered: false, awaited: false }]);
  });

  it('is cut off when its client takes nothing of the answer, whether the node has sent all of it or not', async () => {
    for (const isEnded of [false, true]) {
      let sent = 0;
      const node = await listening(
        createHttpServer((_request, response) => {
          response.writeHead(200);
          const write = (): void => {
            for (; sent < 30_000_000; sent += 1_000_000) {
              if (!response.write(Buffer.alloc(1_000_000)) && !isEnded) return void response.once('drain', write);
            }
            response.end();
          };
          write();
        }),
      );
      const edge = await edgeTo({ nodes: [portOf(node)], forward: { clientStallMs: 200 } });
      const client = connect(edge.port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
      client.pause();
      await expect
        .poll(() => edge.outcomes, { timeout: 4000 })
        .toEqual([{ type: 'answered', status: 200, delivered: false, awaited: false }]);
      client.destroy();
    }
  });

  it('is cut off when the end of its answer lies here and its client does not take it', async () => {
    // As much as the two sockets do not take, and what is on its way here does.
    const node = await listening(createHttpServer((_request, response) => response.end('x'.repeat(60_000))));
    const edge = await edgeTo({ nodes: [portOf(node)], forward: { clientStallMs: 200 } });
    const client = connect(edge.port, '127.0.0.1');
    client.pause();
    for (let i = 0; i < 400; i++) client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const isCut = (outcome: ForwardOutcome): boolean => outcome.type === 'answered' && !outcome.delivered;
    await expect.poll(() => edge.outcomes.some(isCut), { timeout: 4000 }).toBe(true);
    client.destroy();
  });

  it('has time while its node is slow and while others are before it on the connection', async () => {
    const node = await listening(
      createHttpServer((request, response) => {
        const body = Buffer.alloc(3_000_000);
        if (request.url === '/slow') setTimeout(() => response.end('slow'), 700);
        else {
          response.write(body);
          setTimeout(() => response.end(body), request.url === '/halting' ? 700 : 0);
        }
      }),
    );
    const edge = await edgeTo({ nodes: [portOf(node)], forward: { clientStallMs: 250 } });
    const paths = ['/slow', '/large', '/halting', '/slow'];
    const client = connect(edge.port, '127.0.0.1', () => {
      for (const path of paths) client.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    });
    client.resume();
    await expect.poll(() => edge.outcomes.length, { timeout: 5000 }).toBe(paths.length);
    expect(new Set(edge.outcomes.map((outcome) => 'delivered' in outcome && outcome.delivered))).toEqual(
      new Set([true]),
    );
    client.destroy();
  });

  it('is ended at a node that answered before it had the body, which may never come', async () => {
    for (const answer of ['503 Busy\r\nx-sluice-not-accepted: 1', '413 Too Large']) {
      let isClosed = false;
      const node = await rawNode((socket) => {
        socket.once('close', () => (isClosed = true));
        socket.write(`HTTP/1.1 ${answer}\r\ncontent-length: 0\r\n\r\n`);
      });
      const edge = await edgeTo({ nodes: [node.port] });
      const client = connect(edge.port, '127.0.0.1');
      client.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\nhalf');
      await expect.poll(() => isClosed, { timeout: 4000 }).toBe(true);
      client.destroy();
    }
  });

  it('fails before anything was sent when nobody listens', async () => {
    const edge = await edgeTo({ nodes: [await closedPort()] });
    expect(await call(edge.port, { method: 'POST', body: 'x' })).toMatchObject({ status: 502 });
    expect(edge.outcomes).toMatchObject([{ type: 'failed', sent: false, refused: true, reused: false }]);
  });

  it('fails as one that may have been done when the node dies without an answer', async () => {
    const node = await rawNode((socket) => socket.destroy());
    const edge = await edgeTo({ nodes: [node.port] });
    expect(await call(edge.port, { method: 'POST', body: 'x' })).toMatchObject({ status: 502 });
    expect(edge.outcomes).toMatchObject([{ type: 'failed', sent: true, reused: false }]);
  });

  it('fails when the node falls silent for longer than is allowed', async () => {
    const node = await rawNode(() => undefined);
    const edge = await edgeTo({ nodes: [node.port], forward: { timeoutMs: 100 } });
    expect(await call(edge.port)).toMatchObject({ status: 502 });
    expect(edge.outcomes).toMatchObject([{ type: 'failed', sent: true }]);
  });

  it('says that the connection was an old one when the node closed it meanwhile', async () => {
    let answers = 0;
    const node = await rawNode((socket) => {
      answers += 1;
      // The second request on the connection meets its end.
      if (answers === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      else socket.destroy();
    });
    const edge = await edgeTo({ nodes: [node.port] });
    await call(edge.port);
    expect(await call(edge.port)).toMatchObject({ status: 502 });
    expect(edge.outcomes).toMatchObject([{ type: 'answered' }, { type: 'failed', sent: true, reused: true }]);
  });

  it('goes to another node when the first declines it, with the same body, and the client hears one answer', async () => {
    const bodies: string[] = [];
    const owner = await listening(
      createHttpServer(
        answering(async (request, response) => {
          bodies.push((await bodyOf(request)).toString());
          response.end('from the owner');
        }),
      ),
    );
    for (const decline of [
      { status: 421, headers: { 'x-sluice-owner': 'b;boot;7' }, owner: { node: { id: 'b', boot: 'boot' }, epoch: 7 } },
      { status: 503, headers: { 'x-sluice-not-accepted': '1' }, owner: undefined },
    ]) {
      const other = await listening(
        createHttpServer((request, response) => {
          request.resume();
          response.writeHead(decline.status, decline.headers).end('not mine');
        }),
      );
      const edge = await edgeTo({ nodes: [portOf(other), portOf(owner)], readBody: true });
      const answer = await call(edge.port, { method: 'POST', body: '{"records":[]}' });
      expect(answer).toMatchObject({ status: 200, text: 'from the owner' });
      expect(edge.outcomes).toMatchObject([
        { type: 'declined', status: decline.status, owner: decline.owner },
        { type: 'answered', status: 200 },
      ]);
    }
    expect(bodies).toEqual(['{"records":[]}', '{"records":[]}']);
  });

  it('passes a 503 on that says nothing about being undone', async () => {
    const busy = await listening(createHttpServer((_request, response) => response.writeHead(503).end('busy')));
    const edge = await edgeTo({ nodes: [portOf(busy)] });
    expect(await call(edge.port)).toMatchObject({ status: 503, text: 'busy' });
  });

  it('waits longer than idle connections are kept, on a connection that was used before (an agent with a timeout: cut)', async () => {
    const node = await listening(
      createHttpServer({ keepAliveTimeout: 1000 }, (request, response) => {
        setTimeout(() => response.end('late'), request.url === '/slow' ? 1500 : 0);
      }),
    );
    const edge = await edgeTo({ nodes: [portOf(node)] });
    await call(edge.port);
    expect(await call(edge.port, { path: '/slow' })).toMatchObject({ status: 200, text: 'late' });
  });
});
