import { describe, expect, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { uniqueName } from '../harness/topics.ts';
import { send, transmit, V2 } from './exchanges.ts';

/** Contract A.7; observed (g). All that a request says about the way to the proxy is believed, best source first. */

type UriRow = readonly [title: string, headers: Readonly<Record<string, string>>, origin: string];

const byHost: readonly UriRow[] = [
  ['the Host header', { host: 'example.org:99' }, 'http://example.org:99'],
  ['a Host without a port', { host: 'example.org' }, 'http://example.org'],
  ['an IPv6 Host', { host: '[::1]:8082' }, 'http://[::1]:8082'],
  ['X-Forwarded-Host', { 'x-forwarded-host': 'a.example' }, 'http://a.example'],
  [
    'X-Forwarded-Host and -Port',
    { 'x-forwarded-host': 'a.example', 'x-forwarded-port': '8443' },
    'http://a.example:8443',
  ],
  [
    'X-Forwarded-Proto, and a port that need not be said',
    { 'x-forwarded-host': 'a.example', 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' },
    'https://a.example',
  ],
  [
    'X-Forwarded-Prefix',
    { 'x-forwarded-host': 'a.example', 'x-forwarded-prefix': '/kafka/' },
    'http://a.example/kafka',
  ],
  ['the first of several proxies', { 'x-forwarded-host': 'a.example, b.example' }, 'http://a.example'],
  ['Forwarded', { forwarded: 'for=1.2.3.4;proto=https;host=a.example' }, 'https://a.example'],
  [
    'Forwarded before X-Forwarded-Host',
    { forwarded: 'host="a.example:444"', 'x-forwarded-host': 'b.example' },
    'http://a.example:444',
  ],
  ['a header that is no host is passed over', { host: 'c.example', 'x-forwarded-host': 'a/b' }, 'http://c.example'],
];

async function baseUriOf(http: Parameters<typeof transmit>[0], headers: Readonly<Record<string, string>>) {
  const group = uniqueName('group');
  const answer = await transmit(http, send(`POST /consumers/${group}`, { type: V2, headers, body: '{"name":"c"}' }));
  expect(answer.status).toBe(200);
  const { base_uri: uri } = answer.json() as { base_uri: string };
  expect(uri.endsWith(`/consumers/${group}/instances/c`)).toBe(true);
  return uri.slice(0, -`/consumers/${group}/instances/c`.length);
}

describe('point 8: base_uri is where the client finds its instance', () => {
  const proxy = useProxy();

  it.each(byHost)('by %s', async (_title, headers, origin) => {
    expect(await baseUriOf(proxy.http, headers)).toBe(origin);
  });
});

describe('advertised.listeners', () => {
  const proxy = useProxy({ 'advertised.listeners': 'http://public.example:8080,https://secure.example' });

  it('wins over the Host header', async () => {
    expect(await baseUriOf(proxy.http, { host: 'example.org:99' })).toBe('http://public.example:8080');
  });

  it('is chosen by the scheme that the client used', async () => {
    expect(await baseUriOf(proxy.http, { 'x-forwarded-proto': 'https' })).toBe('https://secure.example');
  });

  it('gives way to a proxy that says what the client asked for', async () => {
    expect(await baseUriOf(proxy.http, { 'x-forwarded-host': 'a.example' })).toBe('http://a.example');
  });
});

describe('host.name', () => {
  const proxy = useProxy({ 'host.name': 'named.example', id: 'node7' });

  it('replaces the host, with the listener’s port where the request had one', async () => {
    const { port } = new URL(proxy.url);
    expect(await baseUriOf(proxy.http, { host: 'example.org:99' })).toBe(`http://named.example:${port}`);
    expect(await baseUriOf(proxy.http, { host: 'example.org' })).toBe('http://named.example');
  });

  it('and the id of the server is part of the names that it makes up', async () => {
    const answer = await transmit(proxy.http, send(`POST /consumers/${uniqueName('group')}`));
    expect(answer.json()).toMatchObject({ instance_id: expect.stringMatching(/^rest-consumer-node7-[0-9a-f-]{36}$/) });
  });
});
