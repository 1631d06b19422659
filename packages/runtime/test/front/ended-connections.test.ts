import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../../../test/harness/conditions.ts';
import { fronted } from './fronted.ts';

const SOON = { deadlineMs: 10_000, describe: 'what should happen' };

/** Sends so many requests at once, and waits for no answer. */
function send(port: number, requests: number): Socket {
  const client = connect(port, '127.0.0.1', () =>
    client.write('GET /topics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(requests)),
  );
  onTestFinished(() => void client.destroy());
  return client;
}

describe('requests behind others on a connection that ends', () => {
  const filter = {
    'dos.filter.enabled': 'true',
    'dos.filter.max.requests.per.sec': '1',
    'dos.filter.delay.ms': '0',
    'dos.filter.throttle.ms': '2147483647',
  };

  it('give the places back that they have beyond a rate', async () => {
    const held: ServerResponse[] = [];
    const { port } = await fronted(
      { ...filter, 'dos.filter.throttled.requests': '2' },
      (_req, res) => void held.push(res),
    );
    const ending = send(port, 3);
    await eventually(() => held.length === 3, SOON);
    ending.destroy();
    send(port, 1);
    send(port, 1);
    await eventually(() => held.length === 5, SOON);
  });

  it('take no place that becomes free with it', async () => {
    const held: ServerResponse[] = [];
    const { port, exposed } = await fronted(
      { ...filter, 'dos.filter.throttled.requests': '1' },
      (_req, res) => void held.push(res),
    );
    const ending = send(port, 5);
    await eventually(async () => (await exposed()).includes('sluice_http_held_back 3'), SOON);
    send(port, 1);
    await eventually(async () => (await exposed()).includes('sluice_http_held_back 4'), SOON);
    ending.destroy();
    await eventually(() => held.length === 3, SOON);
    expect(held[2]?.req.socket.destroyed).toBe(false);
    await eventually(async () => (await exposed()).includes('sluice_http_held_back 0'), SOON);
  });

  it('wait for permits no more, and are not served', async () => {
    const { call, port, served, exposed } = await fronted({
      'rate.limit.enable': 'true',
      'rate.limit.permits.per.sec': '1000000',
      'rate.limit.timeout.ms': '2147483647',
      'rate.limit.costs': 'api.v2.brokers.list=900000000',
    });
    await call('GET', '/brokers');
    const ending = send(port, 3);
    await eventually(async () => (await exposed()).includes('sluice_http_held_back 3'), SOON);
    ending.destroy();
    await eventually(async () => (await exposed()).includes('sluice_http_held_back 0'), SOON);
    expect(served).toEqual(['GET /brokers']);
  });

  it('have a line each in the access log', async () => {
    const held: ServerResponse[] = [];
    const { port, logged } = await fronted({ 'request.logger.name': 'requests' }, (_req, res) => void held.push(res));
    const ending = send(port, 3);
    await eventually(() => held.length === 3, SOON);
    ending.destroy();
    await eventually(() => logged().length === 3, SOON);
    expect(logged().map(({ status }) => status)).toEqual([499, 499, 499]);
  });
});
