import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { createServer } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Certificate, type CertificateAuthority, createAuthority } from '../../../../test/harness/certificates.ts';
import { type FaultyRegistry, startFaultyRegistry } from '../../../../test/harness/faulty-registry.ts';
import { RegistryClient } from '../../src/registry/registry-client.ts';
import { isRegistryUrl } from '../../src/registry/registry-endpoint.ts';
import type { RegistryClientOptions } from '../../src/registry/registry-options.ts';

const AUTHORITY_TIMEOUT_MS = 60_000;
const SECRET = 'pa:ss wörd';
const ANSWER = { status: 200, body: '{"schema":"x"}' };

const started: { close(): Promise<void> }[] = [];

function clientOf(options: RegistryClientOptions): RegistryClient {
  const client = new RegistryClient({ retriesMax: 0, ...options });
  started.push(client);
  return client;
}

afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

describe('who asks', () => {
  let server: FaultyRegistry;

  beforeEach(async () => {
    server = await startFaultyRegistry('http://127.0.0.1:1');
    started.push(server);
    server.lie(() => ANSWER);
  });

  const sent = (): string | undefined => server.requests.at(-1)?.headers.authorization;
  const withLogin = (login: string): string => server.url.replace('//', `//${login}@`);

  test('nobody in particular', async () => {
    await clientOf({ urls: [server.url] }).schemaById(1);
    expect(sent()).toBeUndefined();
  });

  test('a user with a password', async () => {
    await clientOf({ urls: [server.url], credentials: { username: 'ann', password: SECRET } }).schemaById(1);
    expect(sent()).toBe(`Basic ${Buffer.from(`ann:${SECRET}`).toString('base64')}`);
  });

  test('the user of the URL, escaped or not', async () => {
    await clientOf({ urls: [withLogin('ann:p%40%C3%B6')] }).schemaById(1);
    expect(sent()).toBe(`Basic ${Buffer.from('ann:p@ö').toString('base64')}`);
    await clientOf({ urls: [withLogin('ann:100%')] }).schemaById(1);
    expect(sent()).toBe(`Basic ${Buffer.from('ann:100%').toString('base64')}`);
  });

  test('the user of each URL is for that URL; one from elsewhere is for all', async () => {
    const urls = [withLogin('ann:1'), withLogin('bob:2')];
    server.fail(1, 500);
    await clientOf({ urls }).schemaById(1);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${Buffer.from('ann:1').toString('base64')}`,
      `Basic ${Buffer.from('bob:2').toString('base64')}`,
    ]);
    await clientOf({ urls, credentials: { token: 'T' } }).schemaById(1);
    expect(sent()).toBe('Bearer T');
  });

  test('who bears a token, which is asked for each time', async () => {
    let count = 0;
    const token = async () => await Promise.resolve(`token-${(count += 1)}`);
    const client = clientOf({ urls: [server.url], credentials: { token } });
    await client.schemaById(1);
    await client.schemaById(1);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  test('nothing is asked without the token', async () => {
    const token = async () => await Promise.reject(new Error(`the secret is ${SECRET}`));
    const client = clientOf({ urls: [server.url], credentials: { token } });
    await expect(client.schemaById(1)).rejects.toThrow(/^No token for the schema registry could be had$/);
    const never = async () => await new Promise<string>(() => undefined);
    const patient = clientOf({ urls: [server.url], credentials: { token: never }, requestTimeoutMs: 20 });
    await expect(patient.schemaById(1)).rejects.toThrow('Read timed out');
    expect(server.count()).toBe(0);
  });

  test('is not told by the error of a registry that repeats what it was sent', async () => {
    server.lie(({ headers }) => ({
      status: 401,
      body: JSON.stringify({ error_code: 401, message: `who is ${headers.authorization}?` }),
    }));
    const credentials = { username: 'ann', password: SECRET };
    await expect(clientOf({ urls: [server.url], credentials }).schemaById(1)).rejects.toThrow(
      /^who is Basic \[hidden\]\?; error code: 401$/,
    );
  });
});

describe('a URL', () => {
  test.each(['http://h', 'https://h:1/a/b/', 'http://u:p@[::1]:8081'])('%s', (url) => {
    expect(isRegistryUrl(url)).toBe(true);
  });

  test.each(['', 'h:8081', 'ftp://u:secret@h', 'http://u:secret@h/?q', 'http://u:secret@h/#f', 'http://u:secret@h:x'])(
    '%s is none, and not repeated for the password in it',
    (url) => {
      expect(isRegistryUrl(url)).toBe(false);
      expect(() => new RegistryClient({ urls: [url] })).toThrow(/^The URL of a schema registry (?!.*secret)/);
    },
  );

  test('at least one is needed', () => {
    expect(() => new RegistryClient({ urls: [] })).toThrow('needs a URL');
  });
});

describe('TLS', () => {
  let directory: string;
  let authority: CertificateAuthority;
  let ca: Buffer;
  let certificate: Certificate;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-registry-tls-'));
    authority = await createAuthority(directory);
    certificate = await authority.issue('registry');
    ca = await readFile(authority.certificateFile);
  }, AUTHORITY_TIMEOUT_MS);

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  async function tlsServer(options: ServerOptions = {}): Promise<FaultyRegistry> {
    const cert = await readFile(certificate.certificateFile);
    const key = await readFile(certificate.keyFile);
    const create = ((listener: Parameters<typeof createTlsServer>[1]) =>
      createTlsServer({ cert, key, ...options }, listener)) as unknown as typeof createServer;
    const server = await startFaultyRegistry('http://127.0.0.1:1', { createServer: create });
    started.push(server);
    server.lie(() => ANSWER);
    return server;
  }

  test('with a certificate of a known authority', async () => {
    const { url } = await tlsServer();
    await expect(clientOf({ urls: [url], tls: { ca } }).schemaById(1)).resolves.toMatchObject({ text: 'x' });
  });

  test('an unknown authority is not trusted, nor told who asks', async () => {
    const server = await tlsServer();
    const client = clientOf({ urls: [server.url], credentials: { username: 'ann', password: SECRET } });
    const error: unknown = await client.schemaById(1).catch((caught: unknown) => caught);
    expect(String(error)).toMatch(/^RegistryUnavailable: No connection to the schema registry \([A-Z_]+\)$/);
    expect(server.count()).toBe(0);
  });

  test('a certificate of another host is good only for who does not look', async () => {
    const { url } = await tlsServer();
    const tls = { ca, servername: 'other.example' };
    await expect(clientOf({ urls: [url], tls }).schemaById(1)).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
    const client = clientOf({ urls: [url], tls: { ...tls, verifyHostname: false } });
    await expect(client.schemaById(1)).resolves.toMatchObject({ text: 'x' });
  });

  test('with a certificate of its own, as PEM or PKCS#12', async () => {
    const { url } = await tlsServer({ ca, requestCert: true, rejectUnauthorized: true });
    const own = await authority.issue('client');
    const cert = await readFile(own.certificateFile);
    const key = await readFile(own.keyFile);
    await expect(clientOf({ urls: [url], tls: { ca } }).schemaById(1)).rejects.toThrow();
    await expect(clientOf({ urls: [url], tls: { ca, cert, key } }).schemaById(1)).resolves.toMatchObject({ text: 'x' });
    const pfx = await readFile(own.pkcs12File);
    const tls = { ca, pfx, passphrase: authority.storePassword };
    await expect(clientOf({ urls: [url], tls }).schemaById(1)).resolves.toMatchObject({ text: 'x' });
  });
});
