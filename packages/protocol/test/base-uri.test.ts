import { type BaseUriRequest, type BaseUriSettings, baseUri, matchRoute } from '@sluice/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const noSettings: BaseUriSettings = { advertisedListeners: [], hostName: '', listenerPort: 8082 };
const advertised: BaseUriSettings = {
  ...noSettings,
  advertisedListeners: ['http://inner.example:8080', 'https://outer.example:8443'],
};

function originOf(
  headers: BaseUriRequest['headers'],
  settings: BaseUriSettings = noSettings,
  encrypted = false,
): string {
  const uri = baseUri({ headers, encrypted, localAuthority: '10.0.0.1:8082' }, settings, { group: 'g', name: 'i' });
  const path = '/consumers/g/instances/i';
  expect(uri.endsWith(path)).toBe(true);
  return uri.slice(0, -path.length);
}

describe('base_uri without a proxy in front', () => {
  it.each([
    ['example.org:99', 'http://example.org:99'],
    ['example.org', 'http://example.org'],
    ['example.org:80', 'http://example.org:80'],
    ['[::1]:8082', 'http://[::1]:8082'],
    ['[2001:db8::1]', 'http://[2001:db8::1]'],
    ['kafka_rest:8082', 'http://kafka_rest:8082'],
  ])('is the scheme of the connection and Host %s', (host, expected) => {
    expect(originOf({ host })).toBe(expected);
    expect(originOf({ host }, noSettings, true)).toBe(expected.replace('http', 'https'));
  });

  it('is the socket when there is no Host, or none that is a host', () => {
    expect(originOf({})).toBe('http://10.0.0.1:8082');
    for (const host of ['evil/path', 'a b', 'x@y', 'h:0', 'h:70000', 'h:x', '', '[zz]', 'a?b', 'ü']) {
      expect(originOf({ host })).toBe('http://10.0.0.1:8082');
    }
    const request = { headers: {}, encrypted: false, localAuthority: '' };
    expect(baseUri(request, noSettings, { group: 'g', name: 'i' })).toBe(
      'http://localhost:8082/consumers/g/instances/i',
    );
  });

  it('is the advertised listener of the scheme, whatever Host says', () => {
    expect(originOf({ host: 'x:1' }, advertised)).toBe('http://inner.example:8080');
    expect(originOf({ host: 'x:1' }, advertised, true)).toBe('https://outer.example:8443');
    const onlyHttps = { ...noSettings, advertisedListeners: ['https://outer.example/'] };
    expect(originOf({ host: 'x:1' }, onlyHttps)).toBe('http://x:1');
    expect(originOf({ host: 'x:1' }, onlyHttps, true)).toBe('https://outer.example');
  });

  it('is host.name before Host, with the listener’s port where the request had a port', () => {
    const named = { ...noSettings, hostName: 'rest.example' };
    expect(originOf({ host: 'x:1' }, named)).toBe('http://rest.example:8082');
    expect(originOf({ host: 'x' }, named)).toBe('http://rest.example');
    expect(originOf({ host: 'x:1' }, { ...named, hostName: 'fe80::1' })).toBe('http://[fe80::1]:8082');
    expect(originOf({ host: 'x:1' }, { ...advertised, hostName: 'rest.example' })).toBe('http://inner.example:8080');
  });
});

describe('base_uri behind a proxy', () => {
  it.each([
    [{ forwarded: 'for=1.2.3.4;proto=https;host=api.example' }, 'https://api.example'],
    [{ forwarded: 'Host="api.example:8443"; Proto=HTTPS, host=second.example' }, 'https://api.example:8443'],
    [{ forwarded: 'host="[2001:db8::1]:99"' }, 'http://[2001:db8::1]:99'],
    [{ forwarded: 'proto=https' }, 'https://inner:8082'],
    [{ 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example' }, 'https://api.example'],
    [{ 'x-forwarded-proto': 'https, http', 'x-forwarded-host': 'api.example, inner' }, 'https://api.example'],
    [
      { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example', 'x-forwarded-port': '443' },
      'https://api.example',
    ],
    [
      { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'api.example', 'x-forwarded-port': '443' },
      'http://api.example:443',
    ],
    [{ 'x-forwarded-host': 'api.example:99', 'x-forwarded-port': '443' }, 'http://api.example:99'],
    [{ 'x-forwarded-proto': 'https', 'x-forwarded-port': '8443' }, 'https://inner:8443'],
    [{ 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' }, 'https://inner'],
    [{ forwarded: 'host=first.example', 'x-forwarded-host': 'second.example' }, 'http://first.example'],
    [{ 'x-forwarded-host': '::1' }, 'http://[::1]'],
    [{ 'x-forwarded-prefix': '/kafka/' }, 'http://inner:8082/kafka'],
    [{ 'x-forwarded-host': ['a.example', 'b.example'] }, 'http://a.example'],
  ])('%j gives %s', (headers, expected) => {
    expect(originOf({ host: 'inner:8082', ...headers })).toBe(expected);
  });

  it('takes forwarded headers before advertised listeners, and the listener of the forwarded scheme', () => {
    expect(originOf({ host: 'x:1', 'x-forwarded-host': 'api.example' }, advertised)).toBe('http://api.example');
    expect(originOf({ host: 'x:1', 'x-forwarded-proto': 'https' }, advertised)).toBe('https://outer.example:8443');
  });

  it.each([
    { forwarded: 'host="evil.example/path"' },
    { forwarded: 'host=a b;proto=javascript' },
    { forwarded: ';;==;host' },
    { forwarded: 'host="' },
    { 'x-forwarded-host': 'evil.example/%0d%0aSet-Cookie:x' },
    { 'x-forwarded-host': 'user@evil.example' },
    { 'x-forwarded-host': 'a'.repeat(2000) },
    { 'x-forwarded-proto': 'javascript' },
    { 'x-forwarded-port': '99999' },
    { 'x-forwarded-prefix': '//evil.example' },
    { 'x-forwarded-prefix': '/a/../..' },
    { 'x-forwarded-prefix': '/a?b' },
    // bug: these two were taken.
    { 'x-forwarded-prefix': '/a/%2E%2e/b' },
    { 'x-forwarded-prefix': '/%zz' },
    { 'x-forwarded-prefix': 'kafka' },
  ])('%j is passed over', (headers) => {
    expect(originOf({ host: 'inner:8082', ...headers })).toBe('http://inner:8082');
  });
});

describe('base_uri as a rule', () => {
  it('is always a URL whose path leads back to the instance', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 });
    const header = fc.option(fc.oneof(fc.string(), fc.domain(), fc.webAuthority()), { nil: undefined });
    const headers = fc.record({
      host: header,
      forwarded: header.map((value) => value && `host="${value}"`),
      'x-forwarded-host': header,
      'x-forwarded-proto': header,
      'x-forwarded-port': header,
      'x-forwarded-prefix': header,
    });
    fc.assert(
      fc.property(headers, name, name, fc.boolean(), (sent, group, instance, encrypted) => {
        const request = { headers: { ...sent, 'x-forwarded-prefix': undefined }, encrypted, localAuthority: '[::1]:1' };
        const uri = baseUri(request, noSettings, { group, name: instance });
        const path = uri.slice(uri.indexOf('/', uri.indexOf('://') + 3));
        expect(URL.canParse(baseUri({ ...request, headers: sent }, noSettings, { group, name: instance }))).toBe(true);
        expect(matchRoute('DELETE', path)).toMatchObject({ kind: 'match', params: { group, instance } });
      }),
      { numRuns: 1000 },
    );
  });
});
