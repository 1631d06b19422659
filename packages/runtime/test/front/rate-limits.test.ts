import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { loadConfig } from '@sluice/runtime';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/harness/conditions.ts';
import { RateLimit } from '../../src/front/rate-limit.ts';
import { RequestRates } from '../../src/front/request-rates.ts';
import { fronted, problemsWith } from './fronted.ts';

const SOON = { deadlineMs: 10_000, describe: 'what should happen' };

function limitOf(properties: Record<string, string>): RateLimit {
  const { config } = loadConfig({ properties: new Map([['bootstrap.servers', 'b:1'], ...Object.entries(properties)]) });
  return new RateLimit(config.rateLimit, 0);
}

describe('permits', () => {
  it('come at their rate, and those of a second are saved', () => {
    const limit = limitOf({ 'rate.limit.permits.per.sec': '2' });
    const take = (now: number) => limit.take(1, now).granted;
    expect([take(0), take(0), take(499), take(500)]).toEqual([true, false, false, true]);
    expect([take(60_000), take(60_000), take(60_000), take(60_000)]).toEqual([true, true, true, false]);
  });

  it('are waited for as long as is set, in the order of asking', () => {
    const limit = limitOf({ 'rate.limit.permits.per.sec': '2', 'rate.limit.timeout.ms': '1000' });
    expect([1, 2, 3, 4].map(() => limit.take(1, 0))).toEqual([
      { granted: true, waitMs: 0 },
      { granted: true, waitMs: 500 },
      { granted: true, waitMs: 1000 },
      { granted: false, waitMs: 500 },
    ]);
  });

  it('are not taken for who finds no room to wait', () => {
    const limit = limitOf({ 'rate.limit.permits.per.sec': '2', 'rate.limit.timeout.ms': '1000' });
    expect([0, 0, 0].map((now) => limit.take(1, now, false).granted)).toEqual([true, false, false]);
    expect(limit.take(1, 0)).toEqual({ granted: true, waitMs: 500 });
  });

  it('cost what is set for an endpoint, or for its kind, and nothing where that is 0', () => {
    const limit = limitOf({
      'rate.limit.costs': 'api.v2.topics.*=5, api.v2.topics.get=0',
      'rate.limit.default.cost': '3',
    });
    expect(['topics.list', 'topics.get', 'brokers.list'].map((name) => limit.costOf(`api.v2.${name}`))).toEqual([
      5, 0, 3,
    ]);
    expect([1, 2, 3].map(() => limit.take(0, 0).granted)).toEqual([true, true, true]);
  });

  it('cost in v1 what the same costs in v2, unless it has a price of its own', () => {
    const limit = limitOf({
      'rate.limit.costs': 'api.v2.topics.*=5, api.v2.brokers.list=6, api.v1.brokers.*=7, api.v2.partitions.read-json=8',
    });
    const names = ['topics.list', 'brokers.list', 'partitions.consume-json', 'partitions.consume-binary'];
    const costs = names.map((name) => limit.costOf(`api.v1.${name}`));
    expect(costs).toEqual([5, 7, 8, 1]);
  });
});

describe('rates of requests', () => {
  it('are those of the last second, of one client and of all', () => {
    const rates = new RequestRates();
    for (let i = 0; i < 10; i++) rates.count('a', 100);
    expect(rates.count('b', 200)).toEqual({ ofClient: 1, ofAll: 11 });
    expect(rates.count('a', 1099)).toEqual({ ofClient: 11, ofAll: 12 });
    expect(rates.count('a', 1100)).toEqual({ ofClient: 2, ofAll: 3 });
    expect(rates.count('a', 9000)).toEqual({ ofClient: 1, ofAll: 1 });
  });

  it('count one of a connection that has ended already, and has no address, once', () => {
    const rates = new RequestRates();
    expect(rates.count('', 0)).toEqual({ ofClient: 1, ofAll: 1 });
    expect(rates.count('a', 0)).toEqual({ ofClient: 1, ofAll: 2 });
  });

  it('are remembered of so many clients, whoever comes', () => {
    const rates = new RequestRates();
    for (let i = 0; i < 30_000; i++) rates.count(`client ${i}`, 0);
    expect(rates.size).toBeLessThanOrEqual(10_000);
    expect(rates.count('client 29999', 0).ofClient).toBe(2);
  });
});

describe('rate.limit.enable', () => {
  it('answers 429 beyond the rate, in the type that was asked for, and counts it', async () => {
    const { call, served, exposed } = await fronted({ 'rate.limit.enable': 'true', 'rate.limit.permits.per.sec': '1' });
    const answers = [await call('GET', '/topics'), await call('GET', '/topics')];
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
    expect(answers[1]?.json()).toEqual({
      error_code: 429,
      message: 'Request rate limit exceeded: The rate limit of requests per second has been exceeded.',
    });
    expect(answers[1]?.headers).toMatchObject({ 'content-type': 'application/vnd.kafka.v2+json', 'retry-after': '1' });
    expect(served).toHaveLength(1);
    expect(await exposed()).toContain('sluice_http_turned_away_total{by="rate.limit"} 1');
  });

  it('has a request wait for its permits, where that is set', async () => {
    const properties = {
      'rate.limit.enable': 'true',
      'rate.limit.permits.per.sec': '50',
      'rate.limit.timeout.ms': '60000',
    };
    const { call, served } = await fronted(properties);
    for (let i = 0; i < 3; i++) expect((await call('GET', '/topics')).status).toBe(200);
    expect(served).toHaveLength(3);
  });

  it('forgets who leaves while he waits', async () => {
    const { call, port, served, exposed } = await fronted({
      'rate.limit.enable': 'true',
      'rate.limit.permits.per.sec': '1',
      'rate.limit.timeout.ms': '60000',
      'rate.limit.default.cost': '30',
    });
    await call('GET', '/topics');
    const leaving = connect(port, '127.0.0.1', () => leaving.write('GET /brokers HTTP/1.1\r\nhost: x\r\n\r\n'));
    await eventually(async () => (await exposed()).includes('sluice_http_held_back 1'), SOON);
    leaving.destroy();
    await eventually(async () => (await exposed()).includes('sluice_http_held_back 0'), SOON);
    expect(served).toEqual(['GET /topics']);
  });

  it('holds back so many and no more', async () => {
    const { call, port, exposed } = await fronted({
      'rate.limit.enable': 'true',
      'rate.limit.permits.per.sec': '1000000',
      'rate.limit.timeout.ms': '2147483647',
      'rate.limit.costs': 'api.v2.topics.list=900000000',
    });
    await call('GET', '/topics');
    const client = connect(port, '127.0.0.1', () => {
      client.write('GET /brokers HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(1000));
    });
    await eventually(async () => (await exposed()).includes('sluice_http_held_back 1000'), SOON);
    expect((await call('GET', '/brokers')).status).toBe(429);
    client.destroy();
  });
});

describe('dos.filter.enabled', () => {
  const on = { 'dos.filter.enabled': 'true', 'dos.filter.max.requests.per.sec': '1' };
  const REFUSED = { error_code: 429, message: 'Too many requests.' };

  it('refuses what is beyond a rate, where it is told to', async () => {
    const { call, exposed } = await fronted({ ...on, 'dos.filter.delay.ms': '-1' });
    await call('GET', '/topics');
    const answer = await call('GET', '/topics');
    expect([answer.status, answer.json(), answer.headers['dosfilter']]).toEqual([429, REFUSED, 'unavailable']);
    expect(await exposed()).toContain('sluice_http_turned_away_total{by="dos.filter"} 1');
  });

  it('counts one address by itself, and those on its list not at all', async () => {
    const ofOne = { 'dos.filter.enabled': 'true', 'dos.filter.max.requests.per.connection.per.sec': '1' };
    const { call } = await fronted({ ...ofOne, 'dos.filter.delay.ms': '-1', 'dos.filter.insert.headers': 'false' });
    await call('GET', '/topics');
    const answer = await call('GET', '/topics');
    expect([answer.status, answer.headers['dosfilter']]).toEqual([429, undefined]);
    const exempt = await fronted({
      ...ofOne,
      'dos.filter.delay.ms': '-1',
      'dos.filter.ip.whitelist': '::1, 127.0.0.0/8',
    });
    for (let i = 0; i < 5; i++) expect((await exempt.call('GET', '/topics')).status).toBe(200);
  });

  it('delays what is beyond a rate, and says so', async () => {
    const { call } = await fronted({ ...on, 'dos.filter.delay.ms': '1' });
    await call('GET', '/topics');
    const answer = await call('GET', '/topics');
    expect([answer.text, answer.headers['dosfilter']]).toEqual(['served', 'delayed']);
  });

  it('serves few beyond a rate at once: others wait for them to end', async () => {
    const held: ServerResponse[] = [];
    const { port, exposed } = await fronted(
      { ...on, 'dos.filter.delay.ms': '0', 'dos.filter.throttled.requests': '1' },
      (_req, res) => void held.push(res),
    );
    const ask = () => {
      const client = connect(port, '127.0.0.1', () => client.write('GET /topics HTTP/1.1\r\nhost: x\r\n\r\n'));
      return client;
    };
    const within = ask();
    await eventually(() => held.length === 1, SOON);
    const beyond = ask();
    await eventually(() => held.length === 2, SOON);
    // Whose turn would come first.
    const leaving = ask();
    await eventually(async () => (await exposed()).includes('sluice_http_held_back 1'), SOON);
    const waiting = ask();
    await eventually(async () => (await exposed()).includes('sluice_http_held_back 2'), SOON);
    leaving.destroy();
    await eventually(async () => (await exposed()).includes('sluice_http_held_back 1'), SOON);
    held[1]?.end('first');
    await once(beyond, 'data');
    await eventually(() => held.length === 3, SOON);
    held[2]?.writeHead(200, { 'content-type': 'text/x' }).end('second');
    const [answer] = (await once(waiting, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/DoSFilter: throttled/);
    for (const client of [within, beyond, waiting]) client.destroy();
  });

  it('refuses who waits too long for others to end', async () => {
    const held: ServerResponse[] = [];
    const { call, port } = await fronted(
      { ...on, 'dos.filter.delay.ms': '0', 'dos.filter.throttled.requests': '1', 'dos.filter.throttle.ms': '0' },
      (_req, res) => void held.push(res),
    );
    const clients = ['/a', '/b'].map((path) => {
      const client = connect(port, '127.0.0.1', () => client.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`));
      return client;
    });
    await eventually(() => held.length === 2, SOON);
    const answer = await call('GET', '/topics');
    expect([answer.status, answer.headers['dosfilter']]).toEqual([429, 'unavailable']);
    for (const client of clients) client.destroy();
  });

  it.each(['10.0.0.0/33', '10.0.0', 'a', '1.2.3.4/x'])('takes no %j for a network', (network) => {
    expect(problemsWith({ 'dos.filter.ip.whitelist': network })).toHaveLength(1);
  });
});
