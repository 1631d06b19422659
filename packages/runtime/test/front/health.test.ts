import { describe, expect, it } from 'vitest';
import { fronted } from './fronted.ts';

describe('probes of other proxies', () => {
  it('are Strimzi’s, answered before anything else is asked', async () => {
    const limits = { 'rate.limit.enable': 'true', 'rate.limit.permits.per.sec': '1' };
    const { call, served, retire } = await fronted({ 'sluice.dialect': 'strimzi', ...limits });
    for (let i = 0; i < 5; i++) expect((await call('GET', '/ready')).status).toBe(204);
    retire();
    expect((await call('GET', '/healthy')).status).toBe(204);
    const unready = await call('GET', '/ready/');
    expect([unready.status, unready.json()]).toEqual([503, { error_code: 503, message: 'Service unavailable.' }]);
    expect((await call('HEAD', '/ready')).status).toBe(503);
    expect(served).toEqual([]);
    await call('POST', '/ready');
    await call('GET', '/_health');
    expect(served).toEqual(['POST /ready', 'GET /_health']);
  });

  it('are Karapace’s', async () => {
    const { call, served } = await fronted({ 'sluice.dialect': 'karapace' });
    const { status, headers, json } = await call('GET', '/_health');
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    expect(json()).toEqual({ process_uptime_sec: expect.any(Number), karapace_version: '1.2.3' });
    expect((await call('HEAD', '/_health')).text).toBe('');
    expect(served).toEqual([]);
  });

  it('are closed by name (bug: the name was taken, and closed nothing)', async () => {
    const names = 'api.v2.health.ready';
    const { call, served } = await fronted({ 'sluice.dialect': 'strimzi', 'api.endpoints.blocklist': names });
    expect((await call('GET', '/ready')).status).toBe(404);
    expect((await call('GET', '/healthy')).status).toBe(204);
    const all = await fronted({ 'sluice.dialect': 'strimzi', 'api.endpoints.blocklist': 'api.v2.health.*' });
    expect((await all.call('GET', '/healthy')).status).toBe(404);
    expect([...served, ...all.served]).toEqual([]);
  });

  it('stay open where a list has no more than what is allowed', async () => {
    const list = 'api.v2.topics.list';
    const { call } = await fronted({ 'sluice.dialect': 'strimzi', 'api.endpoints.allowlist': list });
    expect((await call('GET', '/ready')).status).toBe(204);
    expect((await call('POST', '/admin/topics')).status).toBe(405);
  });

  it('are none of Confluent’s', async () => {
    const { call, served } = await fronted({});
    for (const path of ['/ready', '/healthy', '/_health']) await call('GET', path);
    expect(served).toEqual(['GET /ready', 'GET /healthy', 'GET /_health']);
  });
});
