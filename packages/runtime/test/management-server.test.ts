import { connect } from 'node:net';
import {
  createLogger,
  formatListenAddress,
  type HealthCheck,
  type LifecycleState,
  type ManagementServer,
  Metrics,
  startManagementServer,
} from '@sluice/runtime';
import { afterEach, describe, expect, it } from 'vitest';

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
