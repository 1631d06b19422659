import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { ConfigError, loadConfig } from '@sluice/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Certificate } from '../../../test/harness/certificates.ts';
import { type TestAuthority, testAuthority } from '../../../test/harness/peer-certificates.ts';

const CERTIFICATE = 'sluice.internal.tls.certificate.file';
const KEY = 'sluice.internal.tls.key.file';
const PASSWORD = 'sluice.internal.tls.key.password';
const CA = 'sluice.internal.tls.ca.file';

let cluster: TestAuthority;
let stranger: TestAuthority;
let node: Certificate;
let other: Certificate;

beforeAll(async () => {
  [cluster, stranger] = await Promise.all([testAuthority(), testAuthority()]);
  [node, other] = await Promise.all([cluster.issue('node'), cluster.issue('other')]);
}, 60_000);
afterAll(async () => {
  await Promise.all([cluster?.remove(), stranger?.remove()]);
});

function filesOf({ certificateFile, keyFile }: Certificate, caFile = cluster.certificateFile) {
  return { [CERTIFICATE]: certificateFile, [KEY]: keyFile, [CA]: caFile };
}

function load(entries: Record<string, string>, forServer = true): readonly string[] {
  const others = { 'bootstrap.servers': 'b:1', 'sluice.redis.url': 'redis://r:1', 'sluice.cluster.id': 'east' };
  try {
    return loadConfig({ properties: new Map(Object.entries({ ...others, ...entries })), forServer }).warnings;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** A file beside those of the node, with something in it. */
async function fileWith(name: string, text: string): Promise<string> {
  const file = `${node.keyFile}.${name}`;
  await writeFile(file, text);
  return file;
}

describe('the files of TLS between nodes', () => {
  it('are enough for a cluster without a secret', () => {
    for (const role of ['node', 'edge', 'worker']) {
      expect(load({ ...filesOf(node), 'sluice.role': role })).toEqual([]);
    }
    expect(load({ ...filesOf(node), 'sluice.internal.listener': 'https://0.0.0.0:9443' })).toEqual([]);
  });

  it('do not go with a listener in clear, which would be none for the others', () => {
    expect(load({ ...filesOf(node), 'sluice.internal.listener': 'http://0.0.0.0:9443' })).toEqual([
      `sluice.internal.listener: 'http://0.0.0.0:9443' is in clear although ${CERTIFICATE} is set`,
    ]);
  });

  it('are three, and one alone is no way for nodes to know each other', () => {
    const missing = (key: string): string =>
      `${key}: nothing is set, and TLS between nodes takes all of ${CERTIFICATE}, ${KEY}, ${CA}`;
    expect(load({ [CERTIFICATE]: node.certificateFile })).toEqual([missing(KEY), missing(CA)]);
    expect(load({ [CA]: '', [KEY]: node.keyFile })).toEqual([missing(CERTIFICATE), missing(CA)]);
    expect(load({ [PASSWORD]: 'hunter2' })).toEqual([missing(CERTIFICATE), missing(KEY), missing(CA)]);
    expect(load({ [CA]: cluster.certificateFile }, false)).toEqual([missing(CERTIFICATE), missing(KEY)]);
  });

  it('that cannot be read are all told, with key and path', () => {
    expect(load({ [CERTIFICATE]: '/nowhere/a', [KEY]: '/nowhere/b', [CA]: '/' })).toEqual([
      `${CERTIFICATE}: '/nowhere/a' cannot be read (ENOENT)`,
      `${KEY}: '/nowhere/b' cannot be read (ENOENT)`,
      `${CA}: '/' cannot be read (EISDIR)`,
    ]);
  });

  it('are not read by a command that only looks at a cluster', () => {
    expect(load({ [CERTIFICATE]: '/nowhere/a', [KEY]: '/nowhere/b', [CA]: '/' }, false)).toEqual([]);
  });

  it('that hold something else are told, and what they hold is not repeated', async () => {
    const file = await fileWith('text', 'hunter2');
    const problems = load({ [CERTIFICATE]: file, [KEY]: file, [CA]: file });
    expect(problems).toEqual([
      `${CERTIFICATE}: '${file}' holds no certificate in PEM`,
      `${CA}: '${file}' holds no certificate in PEM`,
      `${KEY}: '${file}' holds no private key in PEM that opens without a password`,
    ]);
    const block = await fileWith('block', '-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n');
    expect(load({ ...filesOf(node), [CA]: block })).toEqual([`${CA}: '${block}' holds no certificate in PEM`]);
  });

  it('that do not fit are told', async () => {
    expect(load({ ...filesOf(node), [KEY]: other.keyFile })).toEqual([
      `${KEY}: '${other.keyFile}' is not the key of the certificate in ${CERTIFICATE}`,
    ]);
    expect(load(filesOf(node, stranger.certificateFile))).toEqual([
      `${CERTIFICATE}: '${node.certificateFile}' holds a certificate that no authority in ${CA} has issued`,
    ]);
  });

  it('that other nodes would refuse are told here, where somebody reads it', async () => {
    const expired = await cluster.issue('expired', { isExpired: true });
    const forServers = await cluster.issue('for-servers', { purposes: 'serverAuth' });
    const forBoth = await cluster.issue('for-both', { purposes: 'serverAuth,clientAuth' });
    expect(load(filesOf(expired))).toEqual([
      expect.stringMatching(
        /^sluice\.internal\.tls\.certificate\.file: '.*' holds a certificate that has expired \(.*\)$/,
      ),
    ]);
    expect(load(filesOf(forServers))).toEqual([
      `${CERTIFICATE}: '${forServers.certificateFile}' holds a certificate that is not for servers and clients, and a node is both (extended key usage)`,
    ]);
    expect(load(filesOf(forBoth))).toEqual([]);
  });

  it('may have a key with a password, which is never shown', async () => {
    const key = createPrivateKey(await readFile(node.keyFile));
    const locked = await fileWith(
      'locked',
      key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' }).toString(),
    );
    const files = { ...filesOf(node), [KEY]: locked };
    expect(load({ ...files, [PASSWORD]: 'hunter2' })).toEqual([]);
    expect(load({ ...files, [PASSWORD]: 'hunter3' })).toEqual([
      `${KEY}: '${locked}' holds no private key in PEM that opens with ${PASSWORD}`,
    ]);
    expect(load(files)).toEqual([`${KEY}: '${locked}' holds no private key in PEM that opens without a password`]);
    const { effective } = loadConfig({
      properties: new Map([
        ['bootstrap.servers', 'b:1'],
        [PASSWORD, 'hunter2'],
      ]),
    });
    expect(JSON.stringify(effective)).not.toContain('hunter2');
  });

  it('may have several authorities in one file, of which one has issued the certificate', async () => {
    const both = (await readFile(stranger.certificateFile, 'utf8')) + (await readFile(cluster.certificateFile, 'utf8'));
    expect(load(filesOf(node, await fileWith('both', both)))).toEqual([]);
  });

  it('may be one: a key and its certificate', async () => {
    expect(load({ ...filesOf(node), [CERTIFICATE]: node.pemFile, [KEY]: node.pemFile })).toEqual([]);
  });

  it('with a key of another kind than the certificate are told', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rsa = await fileWith('rsa', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    expect(load({ ...filesOf(node), [KEY]: rsa })).toEqual([
      `${KEY}: '${rsa}' is not the key of the certificate in ${CERTIFICATE}`,
    ]);
  });
});
