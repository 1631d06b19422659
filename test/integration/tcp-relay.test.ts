import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deferred } from '../harness/conditions.ts';
import { freePorts } from '../harness/free-ports.ts';
import { type HttpClient, httpClient } from '../harness/http.ts';
import { startTcpRelay, type TcpRelay } from '../harness/tcp-relay.ts';

let server: Server;
let relay: TcpRelay;
let http: HttpClient;

beforeEach(async () => {
  server = createServer((_, response) => response.end('served'));
  const listening = deferred();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const [port = 0] = await freePorts(1);
  relay = await startTcpRelay(port, (server.address() as AddressInfo).port);
  http = httpClient(`http://127.0.0.1:${port}`);
});

afterEach(async () => {
  await relay.close();
  server.close();
  server.closeAllConnections();
});

it('passes requests, and holds back what is sent while it is stalled', async () => {
  expect((await http.call('GET', '/')).text).toBe('served');
  relay.stall();
  await expect(http.call('GET', '/', { timeoutMs: 200 })).rejects.toThrow(/abort|timeout/i);
  const waiting = http.call('GET', '/');
  await relay.pass();
  expect((await waiting).text).toBe('served');
});

it('refuses connections until it passes again', async () => {
  await relay.refuse();
  await expect(http.call('GET', '/')).rejects.toThrow('ECONNREFUSED');
  await relay.pass();
  expect((await http.call('GET', '/')).text).toBe('served');
});

it('refuses connections once nobody listens behind it, as the port itself would', async () => {
  const closed = deferred();
  server.close(() => closed.resolve());
  await closed.promise;
  await expect(http.call('GET', '/')).rejects.toThrow(/ECONNRESET|socket hang up/);
  await expect(http.call('GET', '/')).rejects.toThrow('ECONNREFUSED');
});

it('resets what is open, and passes what comes next', async () => {
  relay.stall();
  const cut = http.call('GET', '/');
  const outcome = expect(cut).rejects.toThrow(/ECONNRESET|socket hang up/);
  // The relay has accepted it once a second connection, which came later, gets through its queue.
  await expect(http.call('GET', '/', { timeoutMs: 200 })).rejects.toThrow(/abort|timeout/i);
  relay.reset();
  await outcome;
  await relay.pass();
  expect((await http.call('GET', '/')).text).toBe('served');
});
