import { connect } from 'node:net';
import { ApiError } from '@sluice/protocol';
import {
  createLogger,
  formatListenAddress,
  type HealthCheck,
  type LifecycleState,
  type ManagementRoute,
  type ManagementServer,
  Metrics,
  startManagementServer,
} from '@sluice/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { mayChange } from '../src/management-route.ts';
import { Secret } from '../src/secret.ts';

const log = createLogger({ level: 'silent' });
const closing: (() => Promise<void> | void)[] = [];

async function start(state: LifecycleState = 'ready', checks: readonly HealthCheck[] = []): Promise<ManagementServer> {
  const metrics = new Metrics();
  const listener = { scheme: 'http', host: '127.0.0.1', port: 0 } as const;
  const server = await startManagementServer({ listener, metrics, state: () => state, checks, log });
  closing.push(
    () => metrics.close(),
    async () => {
      await server.close();
    },
  );
  return server;
}

async function get(server: ManagementServer, path: string, method = 'GET'): Promise<Response> {
  return await fetch(`${formatListenAddress(server.address)}${path}`, { method });
}

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function startWith(routes: Record<string, Partial<ManagementRoute>>, token?: string): Promise<ManagementServer> {
  const metrics = new Metrics();
  const complete = Object.entries(routes).map(([path, route]): [string, ManagementRoute] => [
    path,
    { method: 'GET', changes: false, handle: async () => ({ status: 200, body: {} }), ...route },
  ]);
  const server = await startManagementServer({
    listener: { scheme: 'http', host: '127.0.0.1', port: 0 },
    metrics,
    state: () => 'ready',
    checks: [],
    log,
    routes: new Map(complete),
    ...(token === undefined ? {} : { token }),
  });
  closing.push(
    () => metrics.close(),
    async () => {
      await server.close();
    },
  );
  return server;
}

describe('management listener', () => {
  it('serves the metrics in the text format of Prometheus', async () => {
    const response = await get(await start(), '/metrics');
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await response.text()).toContain('# TYPE sluice_event_loop_utilization_ratio gauge');
  });

  it.each<[LifecycleState, number, number, number]>([
    ['starting', 200, 503, 503],
    ['ready', 200, 200, 200],
    ['draining', 200, 503, 200],
    ['stopped', 200, 503, 200],
  ])('%s: livez %i, readyz %i, startupz %i', async (state, ...expected) => {
    const server = await start(state);
    const statuses = await Promise.all(
      ['/livez', '/readyz', '/startupz'].map(async (path) => (await get(server, path)).status),
    );
    expect(statuses).toEqual(expected);
  });

  it('says why it is unready', async () => {
    const server = await start('ready', [
      { name: 'listener', required: true, probe: () => ({ ok: false, detail: 'not bound' }) },
    ]);
    const response = await get(server, '/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ status: 'unready', reasons: ['listener: not bound'] });
  });

  it('is ready without Kafka, but tells about it', async () => {
    const kafka = { name: 'kafka', required: false, ok: false, detail: 'no broker answers' };
    const server = await start('ready', [{ ...kafka, probe: () => ({ ok: false, detail: kafka.detail }) }]);
    const response = await get(server, '/readyz');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'ready', reasons: [], checks: [kafka] });
  });

  it('answers 500 when a check throws, and lives on', async () => {
    const server = await start('ready', [
      {
        name: 'broken',
        required: true,
        probe: () => {
          throw new Error('broken');
        },
      },
    ]);
    expect((await get(server, '/readyz')).status).toBe(500);
    expect((await get(server, '/livez')).status).toBe(200);
  });

  it.each(['/', '/nope', '/__proto__', '/constructor', '/metrics/'])('answers 404 as JSON for %s', async (path) => {
    const response = await get(await start(), path);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error_code: 404, message: 'HTTP 404 Not Found' });
  });

  it('answers HEAD without a body and nothing but GET and HEAD', async () => {
    const server = await start();
    const head = await get(server, '/livez', 'HEAD');
    expect([head.status, await head.text()]).toEqual([200, '']);
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await get(server, '/livez', method)).status).toBe(405);
  });

  it('refuses an address that is taken', async () => {
    const server = await start();
    const metrics = new Metrics();
    closing.push(() => metrics.close());
    const taken = { listener: server.address, metrics, state: () => 'ready' as const, checks: [], log };
    await expect(startManagementServer(taken)).rejects.toThrow('EADDRINUSE');
  });

  it('closes although a client holds a connection open', async () => {
    const server = await start();
    const socket = connect(server.address.port, '127.0.0.1');
    await new Promise((resolve) => {
      socket.once('connect', resolve);
    });
    const closed = new Promise((resolve) => {
      socket.once('close', resolve);
    });
    socket.on('error', () => undefined);
    await server.close();
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});

describe('a path that another package adds', () => {
  it('answers in JSON, with what the query says', async () => {
    const server = await startWith({
      '/cluster/owner': { handle: async (query) => ({ status: 203, body: { group: query.get('group') } }) },
    });
    const answer = await get(server, '/cluster/owner?group=a%20b&x=?');
    expect([answer.status, await answer.json()]).toEqual([203, { group: 'a b' }]);
    const head = await get(server, '/cluster/owner', 'HEAD');
    expect([head.status, await head.text()]).toEqual([203, '']);
    expect((await get(server, '/cluster/owner', 'POST')).status).toBe(405);
    expect((await get(server, '/cluster/owner/')).status).toBe(404);
  });

  it('has its own errors for answers, and 500 for others', async () => {
    const fail = (error: Error) => ({
      handle: async () => {
        throw error;
      },
    });
    const server = await startWith({ '/a': fail(new ApiError('unavailable')), '/b': fail(new Error('a bug')) });
    expect((await get(server, '/a')).status).toBe(503);
    const broken = await get(server, '/b');
    expect([broken.status, await broken.json()]).toEqual([500, { error_code: 500, message: 'Internal Server Error' }]);
  });

  it('does not shadow what is there already', async () => {
    const server = await startWith({ '/livez': { method: 'POST' } });
    expect((await get(server, '/livez')).status).toBe(200);
  });
});

describe('a management request that changes something', () => {
  const drain: ManagementRoute = {
    method: 'POST',
    changes: true,
    handle: async () => ({ status: 202, body: { state: 'draining' } }),
  };

  async function post(server: ManagementServer, headers: Record<string, string> = {}): Promise<Response> {
    return await fetch(`${formatListenAddress(server.address)}/drain`, { method: 'POST', headers });
  }

  it('is for callers on the same machine while no token is set', async () => {
    expect((await post(await startWith({ '/drain': drain }, ''))).status).toBe(202);
    const from = (remoteAddress: string) => mayChange({ headers: {}, socket: { remoteAddress } }, undefined);
    for (const address of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1']) expect(from(address)).toBe('granted');
    for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '::', '1127.0.0.1', 'fe80::1', '']) {
      expect(from(address)).toBe('forbidden');
    }
  });

  it('is not for the web pages that somebody looks at there', async () => {
    const server = await startWith({ '/drain': drain });
    expect((await post(server, { origin: 'https://example.org' })).status).toBe(403);
  });

  it('needs the token where one is set, from this machine too', async () => {
    const server = await startWith({ '/drain': drain }, 'hunter2');
    const refused = await post(server);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    for (const authorization of ['Bearer hunter', 'Bearer hunter22', 'Bearer ', 'Basic hunter2', 'hunter2']) {
      expect((await post(server, { authorization })).status).toBe(401);
    }
    expect((await post(server, { authorization: 'Bearer hunter2' })).status).toBe(202);
    expect((await post(server, { authorization: 'bearer hunter2' })).status).toBe(202);
    const remote = { headers: { authorization: 'Bearer hunter2' }, socket: { remoteAddress: '10.0.0.1' } };
    expect(mayChange(remote, new Secret('hunter2'))).toBe('granted');
  });

  it('is answered although it brings a body that nobody reads', async () => {
    const server = await startWith({ '/drain': drain });
    const url = `${formatListenAddress(server.address)}/drain`;
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(200_000) })).status).toBe(202);
  });
});
