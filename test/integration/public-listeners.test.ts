import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../harness/broker.ts';
import type { Certificate } from '../harness/certificates.ts';
import { eventually } from '../harness/conditions.ts';
import { freePorts } from '../harness/free-ports.ts';
import { type HttpClient, httpClient } from '../harness/http.ts';
import { type TestAuthority, testAuthority } from '../harness/peer-certificates.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { uniqueName } from '../harness/topics.ts';

const V2 = 'application/vnd.kafka.v2+json';
const PAGE = 'https://shop.example';

let authority: TestAuthority;
let client: Certificate;
let sluice: SluiceProcess;
let clear: HttpClient;
let ports: { readonly clear: number; readonly secure: number };

beforeAll(async () => {
  authority = await testAuthority();
  const server = await authority.issue('server');
  client = await authority.issue('client');
  const [clearPort = 0, secure = 0] = await freePorts(2);
  ports = { clear: clearPort, secure };
  clear = httpClient(`http://127.0.0.1:${clearPort}`);
  const { bootstrap } = await sharedBroker();
  sluice = await startSluice({
    properties: {
      'bootstrap.servers': bootstrap,
      listeners: `http://127.0.0.1:${clearPort},OUTER://127.0.0.1:${secure}`,
      'listener.protocol.map': 'OUTER:https',
      'listener.name.outer.ssl.keystore.location': server.pkcs12File,
      'listener.name.outer.ssl.keystore.password': authority.storePassword,
      'ssl.truststore.location': authority.trustStoreFile,
      'ssl.truststore.password': authority.storePassword,
      'ssl.client.authentication': 'REQUIRED',
      'access.control.allow.origin': PAGE,
      'api.endpoints.blocklist': 'api.v2.brokers.*',
      'request.logger.name': 'requests',
      'hsts.header.enable': 'true',
    },
  });
}, 240_000);
afterAll(async () => {
  await sluice?.stop();
  await authority?.remove();
});

async function secured(method: string, path: string, options: RequestOptions = {}) {
  const outgoing = request({
    host: '127.0.0.1',
    port: ports.secure,
    method,
    path,
    agent: false,
    ca: readFileSync(authority.certificateFile),
    cert: readFileSync(client.certificateFile),
    key: readFileSync(client.keyFile),
    ...options,
  });
  outgoing.end();
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const body = (await answer.toArray()).join('');
  return { status: answer.statusCode, headers: answer.headers, body };
}

describe('a proxy with a listener of http and one of https', () => {
  it('serves the API on both, and links have the scheme that the client came with', async () => {
    const path = `/consumers/${uniqueName('group')}`;
    const outer = await secured('POST', path, { headers: { 'content-type': V2 } });
    const { base_uri: uri, instance_id: id } = JSON.parse(outer.body) as Record<string, string>;
    expect(uri).toBe(`https://127.0.0.1:${ports.secure}${path}/instances/${id}`);
    const inner = await clear.call('POST', path, { headers: { 'content-type': V2 } });
    expect(inner.json()).toMatchObject({ base_uri: expect.stringContaining(`http://127.0.0.1:${ports.clear}/`) });
    expect((await secured('DELETE', `${path}/instances/${id}`)).status).toBe(204);
  });

  it('asks who comes with TLS for a certificate, and tells only him to come back with TLS', async () => {
    await expect(secured('GET', '/topics', { cert: undefined, key: undefined })).rejects.toThrow();
    const answers = [await secured('GET', '/topics'), await clear.call('GET', '/topics')];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ headers }) => headers['strict-transport-security'])).toEqual(['max-age=31536000', undefined]);
  });

  it('answers browsers beside the API, and closes what is blocked', async () => {
    const headers = { origin: PAGE, 'access-control-request-method': 'POST' };
    const preflight = await clear.call('OPTIONS', '/topics/t', { headers });
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([200, PAGE]);
    const missing = await clear.call('GET', `/topics/${uniqueName('none')}`, { headers: { origin: PAGE } });
    expect([missing.status, missing.headers['access-control-allow-origin']]).toEqual([404, PAGE]);
    expect(missing.headers['vary']).toBe('Accept-Encoding, User-Agent, Origin');
    expect((await clear.call('GET', '/brokers')).json()).toEqual({ error_code: 404, message: 'HTTP 404 Not Found' });
  });

  it('logs each request under the id of its answer', async () => {
    const { headers } = await secured('GET', '/topics?token=hidden');
    const id = String(headers['x-request-id']);
    const line = await eventually(
      async () => (await sluice.logs()).split('\n').find((text) => text.includes(`"${id}"`)),
      { deadlineMs: 5000, describe: 'the line' },
    );
    expect(JSON.parse(line)).toMatchObject({ logger: 'requests', path: '/topics', status: 200 });
    expect(await sluice.logs()).not.toContain('hidden');
  });
});
