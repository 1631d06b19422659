import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { connect as connectClear } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { ApiListeners, ConnectionMetrics, createLogger, Metrics } from '@sluice/runtime';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Certificate } from '../../../test/harness/certificates.ts';
import { eventually, within } from '../../../test/harness/conditions.ts';
import { type TestAuthority, testAuthority } from '../../../test/harness/peer-certificates.ts';
import { loadConfiguration } from '../src/configuration.ts';
import { listenerTls } from '../src/listener-tls.ts';

let authority: TestAuthority;
let stranger: TestAuthority;
let server: Certificate;
let other: Certificate;
let foreign: Certificate;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([testAuthority(), testAuthority()]);
  [server, other, foreign] = await Promise.all([
    authority.issue('server'),
    authority.issue('other'),
    stranger.issue('foreign'),
  ]);
}, 60_000);
afterAll(async () => {
  await Promise.all([authority?.remove(), stranger?.remove()]);
});

const SOON = { deadlineMs: 10_000, describe: 'what should happen' };
const NEEDED = { 'bootstrap.servers': 'b:1', listeners: 'https://127.0.0.1:0' };

type Serve = (req: IncomingMessage, res: ServerResponse) => void;

const answering: Serve = (_req, res) => void res.end('served');

async function listening(properties: Record<string, string>, serve = answering) {
  const { config } = loadConfiguration({ defaults: { ...NEEDED, ...properties }, environment: {} });
  const metrics = new Metrics();
  const logged: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line: string) => void logged.push(line) } });
  const secured = config.listeners.map((listener) => ({ ...listener, secure: listenerTls(listener) }));
  // Taken up sooner than in half a minute: the first to follow says how often.
  for (const { secure } of secured) secure?.follow(log, { intervalMs: 20 });
  const listeners = new ApiListeners({
    addresses: secured,
    limits: config.http,
    serve,
    connections: new ConnectionMetrics(metrics, config.http.connectionsMax),
    log,
  });
  const addresses = await listeners.listen();
  onTestFinished(async () => {
    await listeners.close(0);
    metrics.close();
  });
  const ports = addresses.map(({ port }) => port);
  return { listeners, ports, port: ports[0] ?? 0, logged: () => logged.join(''), exposed: () => metrics.expose() };
}

const pem = () => ({ 'ssl.keystore.location': server.pemFile, 'ssl.keystore.type': 'PEM' });
const trust = () => ({
  'ssl.truststore.location': authority.trustStoreFile,
  'ssl.truststore.password': authority.storePassword,
  'ssl.truststore.type': 'PKCS12',
});
const shown = ({ certificateFile, keyFile }: Certificate): ConnectionOptions => ({
  cert: readFileSync(certificateFile),
  key: readFileSync(keyFile),
});

/** What the listener answers to who trusts its authority: the status, and whose certificate it showed; or why not. */
async function ask(port: number, options: RequestOptions = {}): Promise<string> {
  const outgoing = request({
    host: '127.0.0.1',
    port,
    agent: false,
    ca: readFileSync(authority.certificateFile),
    ...options,
  });
  outgoing.end();
  try {
    const [answer] = (await within(once(outgoing, 'response'), 5000, 'the peer')) as [IncomingMessage];
    answer.resume();
    return `${answer.statusCode} ${String((answer.socket as TLSSocket).getPeerCertificate().subject.CN)}`;
  } catch (error) {
    return String(error);
  }
}

describe('a listener of https', () => {
  it('serves with a key store in PEM, and with one in PKCS12', async () => {
    expect(await ask((await listening(pem())).port)).toBe('200 server');
    const pkcs12 = { 'ssl.keystore.location': server.pkcs12File, 'ssl.keystore.password': authority.storePassword };
    expect(await ask((await listening(pkcs12)).port)).toBe('200 server');
  });

  it('stands beside others, each with what is set for it', async () => {
    const { ports } = await listening({
      ...pem(),
      listeners: 'https://127.0.0.1:0,inner://127.0.0.1:0',
      'listener.protocol.map': 'inner:https',
      'listener.name.inner.ssl.keystore.location': other.pemFile,
    });
    expect(await Promise.all(ports.map((port) => ask(port)))).toEqual(['200 server', '200 other']);
  });

  it('speaks the versions and suites that are set, and no others', async () => {
    const { port } = await listening({
      ...pem(),
      'ssl.enabled.protocols': 'TLSv1.2,TLSv1.1',
      'ssl.cipher.suites': 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    });
    expect(await ask(port, { minVersion: 'TLSv1.3' })).toMatch(/alert protocol version/);
    expect(await ask(port, { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).toMatch(/handshake failure/);
    expect(await ask(port, { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })).toBe('200 server');
  });

  it('lets in only who shows a certificate of its authorities, where one is required', async () => {
    const { port, exposed, logged } = await listening({
      ...pem(),
      ...trust(),
      'ssl.client.authentication': 'REQUIRED',
    });
    expect(await ask(port, shown(other))).toBe('200 server');
    expect(await ask(port)).not.toMatch(/^200/);
    expect(await ask(port, shown(foreign))).not.toMatch(/^200/);
    await eventually(async () => (await exposed()).includes('sluice_http_refused_total{status="tls"} 2'), SOON);
    expect(logged()).toContain('A TLS handshake of a client failed.');
  });

  it('lets in who shows none, where one is asked for, and nobody with one that is not believed', async () => {
    const { port } = await listening({ ...pem(), ...trust(), 'ssl.client.authentication': 'REQUESTED' });
    expect(await ask(port, shown(other))).toBe('200 server');
    expect(await ask(port)).toBe('200 server');
    expect(await ask(port, shown(foreign))).not.toMatch(/^200/);
  });

  it('shows a renewed certificate without a restart, and goes on with the old one while the file is broken', async () => {
    const file = join(dirname(server.pemFile), 'renewed.pem');
    await copyFile(server.pemFile, file);
    const { port, logged } = await listening({ 'ssl.keystore.location': file });
    await writeFile(file, 'nothing');
    await eventually(async () => logged().includes('cannot be used; what they held before is'), SOON);
    expect(await ask(port)).toBe('200 server');
    await copyFile(other.pemFile, `${file}.new`);
    await rename(`${file}.new`, file);
    await eventually(async () => (await ask(port)) === '200 other', SOON);
    expect(logged()).not.toContain('PRIVATE KEY');
  });

  it('goes on believing whom it believed while the file of authorities is only half written', async () => {
    const file = join(dirname(server.pemFile), 'renewed-authorities.pem');
    const whole = readFileSync(authority.certificateFile, 'utf8');
    await writeFile(file, whole);
    const properties = { 'ssl.truststore.location': file, 'ssl.client.authentication': 'REQUIRED' };
    const { port, logged } = await listening({ ...pem(), ...properties });
    await writeFile(file, whole.slice(0, whole.length / 2));
    await eventually(async () => logged().includes('cannot be used; what they held before is'), SOON);
    expect(await ask(port, shown(other))).toBe('200 server');
    await writeFile(file, readFileSync(stranger.certificateFile));
    await eventually(async () => (await ask(port, shown(foreign))) === '200 server', SOON);
  });

  it('takes up files behind a link that is turned to others, as mounted secrets are', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-secret-'));
    onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
    for (const [name, { pemFile }] of [['first', server] as const, ['second', other] as const]) {
      await mkdir(join(folder, name));
      await copyFile(pemFile, join(folder, name, 'identity.pem'));
    }
    const turnTo = async (name: string): Promise<void> => {
      await symlink(name, join(folder, 'next'));
      await rename(join(folder, 'next'), join(folder, 'current'));
    };
    await turnTo('first');
    const { port } = await listening({ 'ssl.keystore.location': join(folder, 'current', 'identity.pem') });
    expect(await ask(port)).toBe('200 server');
    await turnTo('second');
    await eventually(async () => (await ask(port)) === '200 other', SOON);
  });

  it('answers malformed HTTP with 400, and closes on who does not speak TLS', async () => {
    const { port } = await listening(pem());
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    socket.write('nonsense\r\n\r\n');
    const [head] = (await within(once(socket, 'data'), 5000, 'the peer')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 400 /);
    const clear = connectClear(port, '127.0.0.1', () => clear.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
    clear.on('error', () => undefined);
    await within(once(clear, 'close'), 5000, 'the peer');
  });

  it('waits for answers while it closes, and not for who has sent no request', async () => {
    let answer: (() => void) | undefined;
    const { listeners, port } = await listening(pem(), (_req, res) => void (answer = () => res.end('late')));
    const trusting = { host: '127.0.0.1', port, rejectUnauthorized: false };
    const silent = [connectClear(port, '127.0.0.1'), connect(trusting)] as const;
    await Promise.all([once(silent[0], 'connect'), once(silent[1], 'secureConnect')]);
    const asking = connect(trusting, () => asking.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
    await eventually(() => answer !== undefined, SOON);
    const closed = listeners.stopListening();
    await within(Promise.all(silent.map((socket) => once(socket, 'close'))), 5000, 'the silent');
    answer?.();
    const [head] = (await within(once(asking, 'data'), 5000, 'the answer')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 200 /);
    await within(closed, 5000, 'the end');
  });

  it('closes in time though a client has not said a word of its handshake', async () => {
    const { listeners, port } = await listening(pem());
    const silent = connectClear(port, '127.0.0.1');
    silent.on('error', () => undefined);
    await once(silent, 'connect');
    void listeners.stopListening();
    const closed = once(silent, 'close');
    await within(listeners.close(0), 5000, 'the end');
    await within(closed, 5000, 'the peer');
  });

  it.each<[string, () => Record<string, string>, RegExp]>([
    [
      'no file',
      () => ({ 'ssl.keystore.location': '/nowhere' }),
      /^ssl\.keystore\.location: '\/nowhere' cannot be read/,
    ],
    [
      'a wrong password',
      () => ({ 'ssl.keystore.location': server.pkcs12File, 'ssl.keystore.password': 'wrong' }),
      /^ssl\.keystore\.location: .* the password is wrong$/,
    ],
    [
      'no key',
      () => ({ 'ssl.keystore.location': server.certificateFile }),
      /^ssl\.keystore\.location: no key and certificate can be loaded/,
    ],
    [
      'another kind of file, for one listener',
      () => ({ ...pem(), 'listener.name.https.ssl.keystore.location': '/dev/null' }),
      /^listener\.name\.https\.ssl\.keystore\.location: .* neither a PKCS12 nor a PEM file$/,
    ],
  ])('does not start with %s', (_what, properties, problem) => {
    expect(() => loadConfiguration({ defaults: { ...NEEDED, ...properties() }, environment: {} })).toThrow(
      expect.objectContaining({ problems: [expect.stringMatching(problem)] }),
    );
  });
});
