import { X509Certificate } from 'node:crypto';
import { createSecureContext, type ConnectionOptions as TlsConnectionOptions } from 'node:tls';
import type { Findings, MergedKeys } from './client-findings.ts';
import type { ConfValue } from './client-keys.ts';
import { LegacyEncryptionError, readPkcs12Certificates } from './pkcs12-certificates.ts';

export interface TlsSettings {
  readonly conf: Readonly<Record<string, ConfValue>>;
  readonly admin: TlsConnectionOptions;
}

export type ReadFile = (path: string) => Buffer;

/** The keys that are read here, Java's and librdkafka's. */
export const tlsKeys: ReadonlySet<string> = new Set([
  'ssl.truststore.location',
  'ssl.truststore.password',
  'ssl.truststore.type',
  'ssl.truststore.certificates',
  'ssl.ca.location',
  'ssl.ca.pem',
  'ssl.keystore.location',
  'ssl.keystore.password',
  'ssl.keystore.type',
  'ssl.keystore.key',
  'ssl.keystore.certificate.chain',
  'ssl.key.password',
  'ssl.key.pem',
  'ssl.key.location',
  'ssl.certificate.pem',
  'ssl.certificate.location',
  'ssl.endpoint.identification.algorithm',
  'ssl.cipher.suites',
  'enable.ssl.certificate.verification',
]);

const storeTypes = ['JKS', 'PKCS12', 'PEM'];
const pemCertificate = /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/g;
const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g;

/** TLS to the brokers: trust, the client's own certificate, and what is checked. */
export function translateTls(keys: MergedKeys, findings: Findings, readFile: ReadFile): TlsSettings {
  const parts = [
    translateTrust(keys, findings, readFile),
    checkedIdentity(translateIdentity(keys, findings, readFile), keys, findings),
    translateChecks(keys, findings),
  ];
  return {
    conf: Object.assign({}, ...parts.map(({ conf }) => conf)) as TlsSettings['conf'],
    admin: Object.assign({}, ...parts.map(({ admin }) => admin)) as TlsConnectionOptions,
  };
}

function translateTrust(keys: MergedKeys, findings: Findings, readFile: ReadFile): TlsSettings {
  const inline = keys.first('ssl.truststore.certificates', 'ssl.ca.pem');
  const pem = inline === undefined ? readTrustFile(keys, findings, readFile) : normalizePem(inline.value);
  if (inline !== undefined && pem === '') {
    findings.problem(`${keys.label(inline.name)}: the value is not allowed; allowed are certificates in PEM`);
  }
  return pem === undefined ? { conf: {}, admin: {} } : { conf: { 'ssl.ca.pem': pem }, admin: { ca: pem } };
}

function readTrustFile(keys: MergedKeys, findings: Findings, readFile: ReadFile): string | undefined {
  const location = keys.first('ssl.truststore.location', 'ssl.ca.location');
  if (location === undefined) return undefined;
  const label = keys.label(location.name);
  const store = readStore(keys, findings, { ...location, typeName: 'ssl.truststore.type' }, readFile);
  if (store === undefined) return undefined;
  if (store.type === 'PEM') {
    const pem = store.content.toString('utf8');
    const begun = pem.match(pemCertificate)?.length ?? 0;
    if (begun > 0 && readableCertificates(pem) === begun) return pem;
    const what = begun === 0 ? 'holds no certificates' : 'holds a certificate that is damaged, or not whole';
    findings.problem(`${label}: '${location.value}' ${what}`);
    return undefined;
  }
  try {
    const certificates = readPkcs12Certificates(store.content, keys.get('ssl.truststore.password') ?? '');
    if (certificates.length > 0) return certificates.join('');
    findings.problem(`${label}: '${location.value}' holds no certificates`);
  } catch (error) {
    const advice =
      error instanceof LegacyEncryptionError
        ? `${error.message}; make PEM of it: openssl pkcs12 -legacy -nokeys -in ${location.value} -out truststore.pem`
        : 'the password is wrong or the file is damaged';
    findings.problem(`${label}: '${location.value}' cannot be read: ${advice}`);
  }
  return undefined;
}

/** OpenSSL passes over what it cannot read and all behind it: who is believed would depend on how much of a file is written. */
function readableCertificates(pem: string): number {
  const blocks = [...pem.matchAll(pemBlock)].filter(([, kind = '']) => kind.endsWith('CERTIFICATE'));
  return blocks.filter(([block]) => isCertificate(block)).length;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function translateIdentity(keys: MergedKeys, findings: Findings, readFile: ReadFile): TlsSettings {
  const keyPassword = keys.first('ssl.key.password')?.value;
  const password = keyPassword === undefined ? { conf: {}, admin: {} } : passwordOf(keyPassword);
  const inlineKey = keys.first('ssl.keystore.key', 'ssl.key.pem');
  const inlineChain = keys.first('ssl.keystore.certificate.chain', 'ssl.certificate.pem');
  if (inlineKey !== undefined && inlineChain !== undefined) {
    const key = normalizePem(inlineKey.value);
    const cert = normalizePem(inlineChain.value);
    if (key === '') findings.problem(`${keys.label(inlineKey.name)}: the value is not a key in PEM`);
    if (cert === '') findings.problem(`${keys.label(inlineChain.name)}: the value is not certificates in PEM`);
    return {
      conf: { ...password.conf, 'ssl.key.pem': key, 'ssl.certificate.pem': cert },
      admin: { ...password.admin, key, cert },
    };
  }
  const half = inlineKey ?? inlineChain;
  if (half !== undefined)
    findings.problem(`${keys.label(half.name)}: a key and its certificate chain must both be set`);
  return identityFromFiles(keys, findings, readFile, password);
}

/**
 * Loads key and certificates once, as each connection will: a wrong password would otherwise show at the first request,
 * as a Kafka that does not answer.
 */
function checkedIdentity(identity: TlsSettings, keys: MergedKeys, findings: Findings): TlsSettings {
  const { key, cert, pfx, passphrase } = identity.admin;
  const source = keys.first('ssl.keystore.location', 'ssl.keystore.key', 'ssl.key.pem', 'ssl.key.location');
  if (source === undefined || (pfx === undefined && !(key && cert))) return identity;
  try {
    createSecureContext({
      ...(pfx === undefined ? { key, cert } : { pfx }),
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  } catch (error) {
    // Only files are named by their value: the other keys hold the key itself.
    const from = source.name.endsWith('.location') ? ` from '${source.value}'` : '';
    const label = keys.label(source.name);
    findings.problem(`${label}: no key and certificate can be loaded${from}: ${identityAdvice(error as Error)}`);
  }
  return identity;
}

function identityAdvice({ message, code }: Error & { readonly code?: unknown }): string {
  if (code === 'ERR_OSSL_BAD_DECRYPT' || message === 'mac verify failure') return 'the password is wrong';
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') return 'they do not belong together';
  return `a private key and its certificate must be there (${message})`;
}

function identityFromFiles(
  keys: MergedKeys,
  findings: Findings,
  readFile: ReadFile,
  password: TlsSettings,
): TlsSettings {
  const keyFile = keys.first('ssl.key.location');
  const certificateFile = keys.first('ssl.certificate.location');
  const keystore = keys.first('ssl.keystore.location');
  if (keystore === undefined) {
    if (keyFile === undefined || certificateFile === undefined) return { conf: {}, admin: {} };
    const [key, cert] = [keyFile, certificateFile].map(({ name, value }) =>
      tryRead(keys.label(name), value, findings, readFile),
    );
    if (key === undefined || cert === undefined) return { conf: {}, admin: {} };
    const conf = { 'ssl.key.location': keyFile.value, 'ssl.certificate.location': certificateFile.value };
    return { conf: { ...password.conf, ...conf }, admin: { ...password.admin, key, cert } };
  }
  const store = readStore(keys, findings, { ...keystore, typeName: 'ssl.keystore.type' }, readFile);
  if (store === undefined) return { conf: {}, admin: {} };
  if (store.type === 'PEM') {
    const conf = { 'ssl.key.location': keystore.value, 'ssl.certificate.location': keystore.value };
    return {
      conf: { ...password.conf, ...conf },
      admin: { ...password.admin, key: store.content, cert: store.content },
    };
  }
  const passphrase = keys.get('ssl.keystore.password') ?? '';
  return {
    conf: { 'ssl.keystore.location': keystore.value, 'ssl.keystore.password': passphrase },
    admin: { pfx: store.content, passphrase },
  };
}

function passwordOf(passphrase: string): TlsSettings {
  return { conf: { 'ssl.key.password': passphrase }, admin: { passphrase } };
}

function translateChecks(keys: MergedKeys, findings: Findings): TlsSettings {
  const conf: Record<string, ConfValue> = {};
  const admin: TlsConnectionOptions = {};
  const algorithm = keys.get('ssl.endpoint.identification.algorithm')?.toLowerCase();
  if (algorithm === 'https') conf['ssl.endpoint.identification.algorithm'] = 'https';
  else if (algorithm === '' || algorithm === 'none') {
    conf['ssl.endpoint.identification.algorithm'] = 'none';
    admin.checkServerIdentity = () => undefined;
  } else if (algorithm !== undefined) {
    findings.refuse(
      keys.label('ssl.endpoint.identification.algorithm'),
      algorithm,
      'https, or nothing for no check of the host name',
    );
  }
  const verify = keys.first('enable.ssl.certificate.verification')?.value.toLowerCase();
  if (verify === 'true' || verify === 'false') {
    conf['enable.ssl.certificate.verification'] = verify === 'true';
    admin.rejectUnauthorized = verify === 'true';
  } else if (verify !== undefined) {
    findings.refuse(keys.label('enable.ssl.certificate.verification'), verify, 'true or false');
  }
  const ciphers = keys.first('ssl.cipher.suites')?.value;
  if (ciphers?.includes('TLS_') === true) {
    findings.noEffect(keys.label('ssl.cipher.suites'), "its names are Java's; OpenSSL has others, and safe defaults");
  } else if (ciphers !== undefined) {
    conf['ssl.cipher.suites'] = ciphers;
    admin.ciphers = ciphers.replaceAll(',', ':');
  }
  return { conf, admin };
}

interface StoreFile {
  readonly name: string;
  readonly value: string;
  readonly typeName: string;
}

/** Reads a store and sees by its first bytes what it is: Java takes PKCS#12 for a JKS as well, so the declared type says little. */
function readStore(
  keys: MergedKeys,
  findings: Findings,
  file: StoreFile,
  readFile: ReadFile,
): { readonly type: 'PKCS12' | 'PEM'; readonly content: Buffer } | undefined {
  const declared = keys.first(file.typeName)?.value.toUpperCase();
  if (declared !== undefined && !storeTypes.includes(declared)) {
    findings.refuse(keys.label(file.typeName), declared, storeTypes.join(', '));
    return undefined;
  }
  const label = keys.label(file.name);
  const content = tryRead(label, file.value, findings, readFile);
  if (content === undefined) return undefined;
  if (content.includes('-----BEGIN ')) return { type: 'PEM', content };
  const magic = content.length >= 4 ? content.readUInt32BE(0) : 0;
  if (magic === 0xfeedfeed || magic === 0xcececece) {
    const target = `${file.value.replace(/\.jks$/i, '')}.p12`;
    findings.problem(
      `${label}: '${file.value}' is a JKS store; allowed are PKCS12 and PEM; convert it: ` +
        `keytool -importkeystore -srckeystore ${file.value} -destkeystore ${target} -deststoretype PKCS12`,
    );
    return undefined;
  }
  if (content[0] === 0x30) return { type: 'PKCS12', content };
  findings.problem(`${label}: '${file.value}' is neither a PKCS12 nor a PEM file`);
  return undefined;
}

function tryRead(label: string, path: string, findings: Findings, readFile: ReadFile): Buffer | undefined {
  try {
    return readFile(path);
  } catch (error) {
    findings.problem(`${label}: '${path}' cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}

/** Java takes PEM without line breaks, as a properties file with continued lines yields it; OpenSSL wants them. */
function normalizePem(text: string): string {
  // Headers inside a block belong to the old encrypted form, which has its line breaks or cannot be read anyway.
  if (text.includes('Proc-Type:')) return text;
  const blocks = [...text.matchAll(pemBlock)].map(([, kind = '', body = '']) => {
    const lines = body.replace(/\s+/g, '').match(/.{1,64}/g) ?? [];
    return `-----BEGIN ${kind}-----\n${lines.join('\n')}\n-----END ${kind}-----\n`;
  });
  return blocks.join('');
}
