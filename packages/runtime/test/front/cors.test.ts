import { describe, expect, it } from 'vitest';
import { fronted, problemsWith } from './fronted.ts';

const PAGE = 'https://shop.example';

function corsHeaders({ headers }: { readonly headers: Record<string, unknown> }): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => /^access-control|^vary$/.test(name)));
}

describe('a request of a page of another origin', () => {
  it('is served, and its answer may be seen by pages of origins that are named, and by no others', async () => {
    const { call } = await fronted({
      'access.control.allow.origin': `${PAGE}, https://*.inner.example`,
      'access.control.expose.headers': 'x-request-id',
    });
    for (const origin of [PAGE, 'https://a.inner.example']) {
      const answer = await call('GET', '/topics', { headers: { origin } });
      expect(answer.text).toBe('served');
      expect(corsHeaders(answer)).toEqual({
        vary: 'Accept-Encoding, Origin',
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'x-request-id',
      });
    }
    const others = ['https://shop.example.evil', 'http://shop.example', 'https://a/.inner.example', 'null', ''];
    for (const origin of others) {
      const answer = await call('GET', '/topics', { headers: { origin } });
      expect([answer.text, corsHeaders(answer)]).toEqual(['served', { vary: 'Accept-Encoding, Origin' }]);
    }
  });

  it('has no credentials where pages of all origins may come', async () => {
    const { call } = await fronted({ 'access.control.allow.origin': '*' });
    expect(corsHeaders(await call('GET', '/topics', { headers: { origin: PAGE } }))).toEqual({
      vary: 'Accept-Encoding',
      'access-control-allow-origin': '*',
    });
  });

  it('is as any other while no origin is set', async () => {
    const { call, served } = await fronted({ 'access.control.allow.methods': 'DELETE' });
    const headers = { origin: PAGE, 'access-control-request-method': 'DELETE' };
    const answer = await call('OPTIONS', '/topics', { headers });
    expect([corsHeaders(answer), served]).toEqual([{ vary: 'Accept-Encoding' }, ['OPTIONS /topics']]);
  });
});

describe('what a browser asks before a request', () => {
  const asks = (method: string, names = 'content-type'): Record<string, string> => ({
    origin: PAGE,
    'access-control-request-method': method,
    'access-control-request-headers': names,
  });

  it('is answered here: what may be sent', async () => {
    const { call, served } = await fronted({ 'access.control.allow.origin': PAGE });
    const answer = await call('OPTIONS', '/topics/t', { headers: asks('POST', 'Content-Type, accept') });
    expect([answer.status, answer.text, served]).toEqual([200, '', []]);
    expect(answer.headers['x-request-id']).toBeDefined();
    expect(corsHeaders(answer)).toEqual({
      vary: 'Origin',
      'access-control-allow-origin': PAGE,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET,POST,HEAD',
      'access-control-allow-headers': 'X-Requested-With,Content-Type,Accept,Origin',
      'access-control-max-age': '1800',
    });
  });

  it('has methods and headers that are set', async () => {
    const properties = {
      'access.control.allow.origin': PAGE,
      'access.control.allow.methods': 'GET,DELETE',
      'access.control.allow.headers': 'X-Mine',
    };
    const { call } = await fronted(properties);
    const allowed = async (headers: Record<string, string>): Promise<unknown> =>
      (await call('OPTIONS', '/topics', { headers })).headers['access-control-allow-methods'];
    expect(await allowed(asks('DELETE', 'x-mine'))).toBe('GET,DELETE');
    expect(await allowed(asks('POST', 'x-mine'))).toBeUndefined();
    expect(await allowed(asks('GET', 'content-type'))).toBeUndefined();
  });

  it('is no such question from an origin that is not named, or without a method', async () => {
    const { call, served } = await fronted({ 'access.control.allow.origin': PAGE });
    await call('OPTIONS', '/topics', { headers: { ...asks('GET'), origin: 'https://evil.example' } });
    await call('OPTIONS', '/topics', { headers: { origin: PAGE } });
    expect(served).toHaveLength(2);
  });

  it('is refused where OPTIONS is', async () => {
    const { call, served, exposed } = await fronted({
      'access.control.allow.origin': PAGE,
      'reject.options.request': 'true',
    });
    const answer = await call('OPTIONS', '/topics', { headers: asks('GET') });
    expect([answer.status, answer.json()]).toEqual([403, { error_code: 403, message: 'HTTP 403 Forbidden' }]);
    expect((await call('GET', '/topics')).text).toBe('served');
    expect(served).toEqual(['GET /topics']);
    expect(await exposed()).toContain('sluice_http_turned_away_total{by="reject.options.request"} 1');
  });
});

it.each([
  { 'access.control.allow.origin': 'shop.example' },
  { 'access.control.allow.origin': 'https://*.*.example' },
  { 'access.control.allow.origin': 'https://a\r\nx: y' },
  { 'access.control.allow.headers': 'a:b' },
])('%j stops the start', (properties: Record<string, string>) => {
  expect(problemsWith(properties)).toHaveLength(1);
});
