import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { ApiListeners, ConnectionMetrics, createLogger, Metrics } from '@sluice/runtime';
import { expect, it, onTestFinished } from 'vitest';
import { limits } from '../started-peer-server.ts';

async function listening(serve: (req: IncomingMessage, res: ServerResponse) => void) {
  const metrics = new Metrics();
  const listeners = new ApiListeners({
    addresses: [{ scheme: 'http', host: '127.0.0.1', port: 0 }],
    limits,
    serve,
    connections: new ConnectionMetrics(metrics, limits.connectionsMax),
    log: createLogger({ level: 'silent' }),
  });
  const [address] = await listeners.listen();
  onTestFinished(async () => {
    await listeners.close(0);
    metrics.close();
  });
  return { listeners, port: address?.port ?? 0 };
}

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

it('an answer that its client takes slowly leaves whole while the listeners close', async () => {
  const length = 20_000_000;
  let answer: (() => void) | undefined;
  const { listeners, port } = await listening((_req, res) => void (answer = () => res.end(Buffer.alloc(length))));
  const client = connect(port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
  client.pause();
  await expect.poll(() => answer).toBeDefined();
  const closed = listeners.stopListening();
  answer?.();
  // Some looks for idle connections.
  await setTimeout(250);
  let got = 0;
  client.on('data', (data) => (got += data.length)).resume();
  await once(client, 'close');
  expect(got).toBeGreaterThan(length);
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
