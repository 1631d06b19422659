import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { promisify } from 'node:util';
import rdkafka from 'node-rdkafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientSettings, translateClientSettings } from '../src/client-settings.ts';

const run = promisify(execFile);
const PASSWORD = 'change it';
let folder: string;

const path = (name: string) => join(folder, name);

async function openssl(...parameters: readonly string[]): Promise<void> {
  await run('openssl', parameters, { cwd: folder });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  await openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'key.pem',
    '-out',
    'cert.pem',
    '-days',
    '2',
    '-subj',
    '/CN=sluice',
  );
  await openssl('pkcs8', '-topk8', '-in', 'key.pem', '-out', 'encrypted-key.pem', '-passout', `pass:${PASSWORD}`);
  writeFileSync(
    path('both.pem'),
    readFileSync(path('encrypted-key.pem'), 'utf8') + readFileSync(path('cert.pem'), 'utf8'),
  );
  const store = ['pkcs12', '-export', '-in', 'cert.pem', '-passout', `pass:${PASSWORD}`];
  await openssl(...store, '-nokeys', '-out', 'trust.p12');
  await openssl(...store, '-nokeys', '-certpbe', 'PBE-SHA1-3DES', '-out', 'old-trust.p12');
  await openssl(...store, '-inkey', 'key.pem', '-out', 'identity.p12');
  const keytool = ['-importcert', '-noprompt', '-alias', 'ca', '-file', 'cert.pem', '-storepass', PASSWORD];
  await run('keytool', [...keytool, '-keystore', 'java-trust.p12', '-storetype', 'PKCS12'], { cwd: folder });
  await run('keytool', [...keytool, '-keystore', 'trust.jks', '-storetype', 'JKS'], { cwd: folder });
  await openssl('genrsa', '-out', 'other-key.pem', '2048');
  writeFileSync(
    path('strangers.pem'),
    readFileSync(path('other-key.pem'), 'utf8') + readFileSync(path('cert.pem'), 'utf8'),
  );
  writeFileSync(path('damaged.p12'), readFileSync(path('trust.p12')).subarray(0, 200));
  writeFileSync(path('noise'), 'hello');
}, 60_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function translate(client: Record<string, string>, oauthbearerToken = ''): ClientSettings {
  const keys = { client, producer: {}, consumer: {}, admin: {} };
  return translateClientSettings({
    bootstrapServers: 'kafka.example.org:9093',
    keys,
    oauthbearerToken,
    tokenTimeoutMs: 1000,
  });
}

/** Both libraries load keys and certificates when they are given them. */
function expectTaken({ problems, producer, admin }: ClientSettings): void {
  expect(problems).toEqual([]);
  expect(() => new rdkafka.Producer(producer.global, producer.topic)).not.toThrow();
  if (admin.tls !== undefined) expect(() => createSecureContext(admin.tls)).not.toThrow();
}

function fingerprint(pem: unknown): string {
  return new X509Certificate(String(pem)).fingerprint256;
}

describe('trust', () => {
  const tls = { 'security.protocol': 'SSL' };

  it.each(['trust.p12', 'java-trust.p12', 'cert.pem'])('is read from %s, whatever its type is said to be', (file) => {
    for (const type of [{}, { 'ssl.truststore.type': 'JKS' }, { 'ssl.truststore.type': 'pkcs12' }]) {
      const settings = translate({
        ...tls,
        ...type,
        'ssl.truststore.location': path(file),
        'ssl.truststore.password': PASSWORD,
      });
      expectTaken(settings);
      const expected = fingerprint(readFileSync(path('cert.pem'), 'utf8'));
      expect(fingerprint(settings.producer.global['ssl.ca.pem'])).toBe(expected);
      expect(fingerprint(settings.admin.tls?.ca)).toBe(expected);
    }
  });

  it('is read from PEM that a properties file has brought into one line', () => {
    const oneLine = readFileSync(path('cert.pem'), 'utf8').replaceAll('\n', ' ');
    const settings = translate({ ...tls, 'ssl.truststore.certificates': oneLine + oneLine });
    expectTaken(settings);
    expect(String(settings.admin.tls?.ca).match(/BEGIN/g)).toHaveLength(2);
  });

  it.each([
    ['trust.jks', 'is a JKS store; allowed are PKCS12 and PEM; convert it: keytool -importkeystore -srckeystore'],
    ['old-trust.p12', 'openssl pkcs12 -legacy -nokeys'],
    ['damaged.p12', 'the password is wrong or the file is damaged'],
    ['noise', 'is neither a PKCS12 nor a PEM file'],
    ['key.pem', 'holds no certificates'],
    ['absent', 'cannot be read: ENOENT'],
  ])('in %s is refused with what to do', (file, advice) => {
    const keys = { 'ssl.truststore.location': path(file), 'ssl.truststore.password': PASSWORD };
    expect(translate({ ...tls, ...keys }).problems).toEqual([expect.stringContaining(advice)]);
  });

  it('is refused in PEM of which not all can be read, as when only a part is written', () => {
    const pem = readFileSync(path('cert.pem'), 'utf8');
    const [head = '', ...lines] = pem.split('\n');
    const damaged = [head, ...lines.slice(2)].join('\n');
    for (const text of [pem.slice(0, -30), pem + pem.slice(0, 200), damaged + pem, `${head}\n`]) {
      writeFileSync(path('part.pem'), text);
      const { problems } = translate({ ...tls, 'ssl.truststore.location': path('part.pem') });
      expect(problems).toEqual([expect.stringContaining('holds a certificate that is damaged, or not whole')]);
    }
    writeFileSync(path('part.pem'), `a comment\n${pem}\nanother\n${pem}`);
    expect(translate({ ...tls, 'ssl.truststore.location': path('part.pem') }).problems).toEqual([]);
  });

  it('is refused under a wrong password', () => {
    const keys = { 'ssl.truststore.location': path('trust.p12'), 'ssl.truststore.password': 'wrong' };
    const { problems } = translate({ ...tls, ...keys });
    expect(problems).toEqual([expect.stringContaining('the password is wrong')]);
    expect(problems.join()).not.toContain("'wrong'");
  });
});

describe('identity', () => {
  const tls = { 'security.protocol': 'SSL' };

  it.each<[string, () => Record<string, string>]>([
    ['a PKCS12 file', () => ({ 'ssl.keystore.location': path('identity.p12'), 'ssl.keystore.password': PASSWORD })],
    ['a PEM file', () => ({ 'ssl.keystore.location': path('both.pem'), 'ssl.key.password': PASSWORD })],
    [
      'PEM in the configuration',
      () => ({
        'ssl.keystore.key': readFileSync(path('encrypted-key.pem'), 'utf8').replaceAll('\n', ''),
        'ssl.keystore.certificate.chain': readFileSync(path('cert.pem'), 'utf8').replaceAll('\n', ''),
        'ssl.key.password': PASSWORD,
      }),
    ],
    [
      "librdkafka's own keys",
      () => ({ 'ssl.key.location': path('key.pem'), 'ssl.certificate.location': path('cert.pem') }),
    ],
  ])('is taken from %s', (_name, keys) => {
    const settings = translate({ ...tls, ...keys() });
    expectTaken(settings);
    expect(settings.admin.tls?.pfx ?? settings.admin.tls?.key).toBeDefined();
  });

  it.each([
    ['identity.p12', { 'ssl.keystore.password': 'guessed' }, 'the password is wrong'],
    ['identity.p12', {}, 'the password is wrong'],
    ['both.pem', { 'ssl.key.password': 'guessed' }, 'the password is wrong'],
    ['trust.p12', { 'ssl.keystore.password': PASSWORD }, 'a private key and its certificate must be there'],
    ['cert.pem', {}, 'a private key and its certificate must be there'],
    ['strangers.pem', {}, 'they do not belong together'],
  ])('in %s with %j is refused at the start', (file, passwords, advice) => {
    const { problems } = translate({ ...tls, 'ssl.keystore.location': path(file), ...passwords });
    const start = `client.ssl.keystore.location: no key and certificate can be loaded from '${path(file)}'`;
    expect(problems).toEqual([expect.stringContaining(`${start}: ${advice}`)]);
    expect(problems.join()).not.toContain('guessed');
  });

  it('is refused without a word of the key when the key stands in the configuration', () => {
    const key = readFileSync(path('encrypted-key.pem'), 'utf8');
    const { problems } = translate({
      ...tls,
      'ssl.keystore.key': key,
      'ssl.keystore.certificate.chain': readFileSync(path('cert.pem'), 'utf8'),
    });
    expect(problems).toEqual(['client.ssl.keystore.key: no key and certificate can be loaded: the password is wrong']);
  });

  it('is incomplete with a key but no certificates', () => {
    expect(translate({ ...tls, 'ssl.keystore.key': 'x' }).problems).toEqual([
      expect.stringContaining('a key and its certificate chain must both be set'),
    ]);
  });
});

describe('checks of the broker', () => {
  it('leave the host name unchecked only when the key is empty', () => {
    const unchecked = translate({ 'security.protocol': 'SSL', 'ssl.endpoint.identification.algorithm': '' });
    expectTaken(unchecked);
    expect(unchecked.producer.global['ssl.endpoint.identification.algorithm']).toBe('none');
    expect(unchecked.admin.tls?.checkServerIdentity?.('other', {} as never)).toBeUndefined();
    const checked = translate({ 'security.protocol': 'SSL', 'ssl.endpoint.identification.algorithm': 'https' });
    expectTaken(checked);
    expect(checked.admin.tls?.checkServerIdentity).toBeUndefined();
    expect(checked.admin.tlsServerName).toBe(true);
  });

  it.each([
    [{ 'security.protocol': 'TLS' }, 'one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL'],
    [{ 'security.protocol': 'SSL', 'ssl.endpoint.identification.algorithm': 'ldap' }, 'https, or nothing'],
    [{ 'security.protocol': 'SSL', 'enable.ssl.certificate.verification': 'maybe' }, 'true or false'],
    [{ 'security.protocol': 'SSL', 'ssl.truststore.type': 'BKS' }, 'JKS, PKCS12, PEM'],
  ])('refuse %j', (client, allowed) => {
    const more: Record<string, string> =
      'ssl.truststore.type' in client ? { 'ssl.truststore.location': path('cert.pem') } : {};
    expect(translate({ ...client, ...more }).problems).toEqual([expect.stringContaining(allowed)]);
  });

  it('say that TLS and SASL keys have no effect without the protocol for them', () => {
    const { warnings, producer } = translate({ 'ssl.truststore.location': '/x', 'sasl.mechanism': 'PLAIN' });
    expect(warnings).toEqual([
      'client.ssl.truststore.location has no effect: security.protocol is PLAINTEXT',
      'client.sasl.mechanism has no effect: security.protocol is PLAINTEXT',
    ]);
    expect(producer.global).not.toHaveProperty('sasl.mechanisms');
  });
});

describe('SASL', () => {
  const module = (name: string, options: string) => `org.apache.kafka.common.security.${name} required ${options};`;
  const sasl = (mechanism: string, jaas: string) => ({
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': jaas,
  });

  it.each([
    ['PLAIN', 'plain.PlainLoginModule'],
    ['SCRAM-SHA-256', 'scram.ScramLoginModule'],
    ['scram-sha-512', 'scram.ScramLoginModule'],
  ])('%s takes user and password from the login module', (mechanism, name) => {
    const settings = translate(sasl(mechanism, module(name, 'username="u" password="p;\\""')));
    expectTaken(settings);
    expect(settings.producer.global).toMatchObject({
      'security.protocol': 'sasl_plaintext',
      'sasl.mechanisms': mechanism.toUpperCase(),
      'sasl.username': 'u',
      'sasl.password': 'p;"',
    });
    expect(settings.admin.sasl).toEqual({ mechanism: mechanism.toUpperCase(), username: 'u', password: 'p;"' });
  });

  it("takes librdkafka's own keys", () => {
    const settings = translate({
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanisms': 'PLAIN',
      'sasl.username': 'u',
      'sasl.password': 'p',
    });
    expectTaken(settings);
    expect(settings.admin.sasl).toEqual({ mechanism: 'PLAIN', username: 'u', password: 'p' });
  });

  it.each<[Record<string, string>, string]>([
    [sasl('GSSAPI', ''), 'PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER'],
    [{ 'security.protocol': 'SASL_SSL' }, 'sasl.mechanism: nothing is set'],
    [sasl('PLAIN', module('scram.ScramLoginModule', 'username="u" password="hunter2"')), 'does not fit PLAIN'],
    [sasl('PLAIN', module('plain.PlainLoginModule', 'username="u"')), 'password is missing'],
    [sasl('PLAIN', 'password="hunter2"'), 'must follow'],
    [sasl('OAUTHBEARER', module('oauthbearer.OAuthBearerLoginModule', '')), 'OAUTHBEARER needs it'],
  ])('refuses %j with one sentence that holds no secret', (client, message) => {
    const { problems } = translate(client);
    expect(problems).toEqual([expect.stringContaining(message)]);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('OAUTHBEARER takes a configured token before everything else', async () => {
    const settings = translate(sasl('OAUTHBEARER', module('oauthbearer.OAuthBearerLoginModule', '')), 'abc');
    expectTaken(settings);
    expect((await settings.producer.tokens?.token())?.value).toBe('abc');
    expect((await settings.consumer.tokens?.token())?.value).toBe('abc');
    expect(settings.admin.sasl?.mechanism).toBe('OAUTHBEARER');
  });

  it('OAUTHBEARER makes unsecured tokens with the claims of the login module', async () => {
    const claims =
      'unsecuredLoginStringClaim_sub="alice" unsecuredLoginListClaim_scope=" a b" unsecuredLoginNumberClaim_n="4"';
    const settings = translate(sasl('OAUTHBEARER', module('oauthbearer.OAuthBearerLoginModule', claims)));
    const token = (await settings.producer.tokens?.token())?.value ?? '';
    const decoded = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as unknown;
    expect(decoded).toMatchObject({ sub: 'alice', scope: ['a', 'b'], n: 4 });
  });

  it('OAUTHBEARER needs credentials for an end point, and an end point that is a URL', () => {
    const jaas = module('oauthbearer.OAuthBearerLoginModule', '');
    const endpoint = (value: string) => ({
      ...sasl('OAUTHBEARER', jaas),
      'sasl.oauthbearer.token.endpoint.url': value,
    });
    expect(translate(endpoint('https://idp/token')).problems).toEqual([expect.stringContaining('clientId="..."')]);
    expect(translate(endpoint('nonsense')).problems).toEqual([expect.stringContaining('an http or https URL')]);
    const given = {
      ...endpoint('https://idp/token'),
      'sasl.jaas.config': module('oauthbearer.OAuthBearerLoginModule', 'clientId="i" clientSecret="s"'),
    };
    expectTaken(translate(given));
    expect(translate(given).producer.tokens).toBeDefined();
  });
});
