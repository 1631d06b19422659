import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { ApiListeners, ApiTls, ConnectionMetrics, createLogger, Metrics } from '@sluice/runtime';
import { expect, it, onTestFinished } from 'vitest';
import { within } from '../../../../test/harness/conditions.ts';
import { testAuthority } from '../../../../test/harness/peer-certificates.ts';
import { limits } from '../started-peer-server.ts';

const address = { scheme: 'http', host: '127.0.0.1', port: 0 } as const;

async function listening(
  serve: (req: IncomingMessage, res: ServerResponse) => void,
  bounds: Partial<typeof limits> = {},
  secure?: ApiTls,
) {
  const metrics = new Metrics();
  const listeners = new ApiListeners({
    addresses: [{ ...address, secure }, address],
    limits: { ...limits, ...bounds },
    serve,
    connections: new ConnectionMetrics(metrics, limits.connectionsMax),
    log: createLogger({ level: 'silent' }),
  });
  const ports = (await listeners.listen()).map(({ port }) => port);
  onTestFinished(async () => {
    await listeners.close(0);
    metrics.close();
  });
  return { listeners, port: ports[0] ?? 0, ports, exposed: () => metrics.expose() };
}

/** Of connections that are opened one after another, one for each port: which of them are served. */
async function served(ports: readonly number[]): Promise<boolean[]> {
  const answered: boolean[] = [];
  for (const port of ports) {
    const client = connect(port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
    onTestFinished(() => void client.destroy());
    client.on('error', () => undefined);
    answered.push(
      await new Promise<boolean>((resolve) => {
        client.once('data', () => resolve(true)).once('close', () => resolve(false));
      }),
    );
  }
  return answered;
}

it.each([
  [{ connectionsMax: 3 }, [true, true, true, false]],
  [{ listenerConnectionsMax: 2 }, [true, true, false, true]],
  [{ listenerConnectionsMax: 2, connectionsMax: 2 }, [true, true, false, false]],
])('%j bounds the connections to all listeners, or to one', async (bounds, expected) => {
  const { ports } = await listening((_req, res) => void res.end(), bounds);
  const [one = 0, other = 0] = ports;
  expect(await served([one, one, one, other])).toEqual(expected);
});

it('a connection whose answer leaves while the listeners close ends, though it could go on', async () => {
  let answer: (() => void) | undefined;
  const { listeners, port } = await listening((_req, res) => void (answer = () => res.end('late')));
  const client = connect(port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
  await expect.poll(() => answer).toBeDefined();
  const closed = listeners.stopListening();
  answer?.();
  const [head] = (await once(client, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/connection: keep-alive/i);
  await once(client, 'close');
  await closed;
});

it.each([
  ['an answer that its client takes slowly leaves whole while the listeners close', 'while'],
  ['an answer that is leaving when the listeners begin to close leaves whole (bug: it was cut off)', 'before'],
])('%s', async (_title, when) => {
  const length = 20_000_000;
  let answer: (() => void) | undefined;
  const { listeners, port } = await listening((_req, res) => void (answer = () => res.end(Buffer.alloc(length))));
  const client = connect(port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
  client.pause();
  await expect.poll(() => answer).toBeDefined();
  if (when === 'before') answer?.();
  const closed = listeners.stopListening();
  if (when === 'while') answer?.();
  // Some looks for idle connections.
  await setTimeout(250);
  let got = 0;
  client.on('data', (data) => (got += data.length)).resume();
  await once(client, 'close');
  expect(got).toBeGreaterThan(length);
  await closed;
});

it('connections that nobody has accepted yet are served when the listeners close (bug: they were reset)', async () => {
  const { listeners, port } = await listening((_req, res) => void res.end('served'));
  const clients = Array.from({ length: 20 }, () => {
    const client = connect(port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    return client;
  });
  // The kernel has accepted them by now; this process cannot have.
  await new Promise((resolve) => process.nextTick(resolve));
  const closed = listeners.stopListening();
  const heads = await Promise.all(clients.map(async (client) => String(await once(client, 'data'))));
  for (const head of heads) expect(head).toMatch(/^HTTP\/1\.1 200 /);
  await closed;
});

it('a connection that has not sent a byte does not hold up the end of the others', async () => {
  const { listeners, port } = await listening(() => undefined);
  const silent = connect(port, '127.0.0.1').resume();
  const silentClosed = once(silent, 'close');
  await once(silent, 'connect');
  // It is accepted when one behind it has its answer.
  const behind = connect(port, '127.0.0.1', () => behind.write('nonsense\r\n\r\n')).resume();
  await once(behind, 'close');
  await Promise.all([listeners.stopListening(), silentClosed]);
});

async function serverTls(): Promise<ApiTls> {
  const authority = await testAuthority();
  onTestFinished(() => authority.remove());
  const { certificateFile, keyFile } = await authority.issue('localhost');
  const value = { cert: await readFile(certificateFile), key: await readFile(keyFile) };
  const settings = { clientAuthentication: 'none', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers: '' } as const;
  return ApiTls.read({ settings, files: [], read: () => ({ value }) });
}

it('a handshake that its client has left half-way does not hold up the end (bug: it took all the time there was for requests)', async () => {
  let answer: (() => void) | undefined;
  const serve = (_req: IncomingMessage, res: ServerResponse): void => void (answer = () => res.end('late'));
  const { listeners, port, exposed } = await listening(serve, {}, await serverTls());
  const asking = connectSecurely({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
    asking.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
  );
  // How the first message of a handshake begins.
  const halfWay = connect(port, '127.0.0.1', () => halfWay.write(Buffer.from([0x16, 3, 1]))).resume();
  halfWay.on('error', () => undefined);
  const cut = once(halfWay, 'close');
  await expect.poll(exposed).toContain('sluice_http_connections 2\n');
  await expect.poll(() => answer).toBeDefined();
  const closed = listeners.stopListening();
  // By itself it would be given up after ten seconds.
  await within(cut, 5000, 'the handshake to be given up');
  // Who was let in has its answer all the same.
  answer?.();
  expect(String((await once(asking, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
  await closed;
});
