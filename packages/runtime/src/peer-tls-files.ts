import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { certificatesIn } from './certificates.ts';
import type { ClusterConfig } from './config.ts';
import type { Told } from './followed-files.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings.ts';

/** Where the certificate of a node is, and the authorities that it believes others' from. */
export type TlsFiles = Pick<ClusterConfig, 'tlsCertificateFile' | 'tlsKeyFile' | 'tlsKeyPassword' | 'tlsCaFile'>;

/** Files that fit together, in PEM. */
export interface TlsMaterial {
  /** The node's own, and those between it and an authority. */
  readonly cert: string;
  /** Without its password. */
  readonly key: string;
  readonly ca: readonly string[];
  /** All of it, as connections to others take it. */
  readonly context: SecureContext;
  /** When the node's own certificate ends. */
  readonly validTo: Date;
}

/** What was read: each by itself, before it is known whether they fit. Never shown: the key is among them. */
type TlsTexts = Readonly<Record<keyof Omit<TlsFiles, 'tlsKeyPassword'>, string>>;

export const TLS_MIN = 'TLSv1.2';
/** TLS web server and client authentication. */
const PURPOSES = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];

const { tlsCertificateFile, tlsKeyFile, tlsKeyPassword, tlsCaFile } = settings.cluster;
const fileSettings = { tlsCertificateFile, tlsKeyFile, tlsCaFile };
export const TLS_KEYS: readonly string[] = Object.values(fileSettings).map(({ key }) => key);

/** Whether the nodes are to know each other by certificates: somebody has set one of the keys. */
export function asksForTls(files: TlsFiles): boolean {
  return (
    Object.keys(fileSettings).some((field) => files[field as keyof TlsTexts] !== '') || files.tlsKeyPassword !== ''
  );
}

/** Each of the three that is missing while another is set. */
export function missingTlsFiles(files: TlsFiles): string[] {
  if (!asksForTls(files)) return [];
  return Object.entries<Setting<string>>(fileSettings)
    .filter(([field]) => files[field as keyof TlsTexts] === '')
    .map(([, { key }]) => `${key}: nothing is set, and TLS between nodes takes all of ${TLS_KEYS.join(', ')}`);
}

/** The three files as they are now; a problem names key and path. */
export function readTlsTexts(files: TlsFiles): Told<TlsTexts> {
  const problems: string[] = [];
  const read = (field: keyof TlsTexts): string => {
    try {
      return readFileSync(files[field], 'utf8');
    } catch (error) {
      problems.push(problem(field, files, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`));
      return '';
    }
  };
  const value = {
    tlsCertificateFile: read('tlsCertificateFile'),
    tlsKeyFile: read('tlsKeyFile'),
    tlsCaFile: read('tlsCaFile'),
  };
  return problems.length === 0 ? { value } : { problems };
}

/**
 * Whether they fit: what other nodes would refuse is told here, where somebody reads it.
 *
 * @param now in ms since 1970
 */
export function checkTlsTexts(texts: TlsTexts, files: TlsFiles, now: number): Told<TlsMaterial> {
  const problems: string[] = [];
  const tell = (field: keyof TlsTexts, why: string): void => void problems.push(problem(field, files, why));
  const [own, ...between] = certificatesIn(texts.tlsCertificateFile);
  const authorities = certificatesIn(texts.tlsCaFile);
  const key = keyIn(texts.tlsKeyFile, files.tlsKeyPassword);
  if (own === undefined) tell('tlsCertificateFile', 'holds no certificate in PEM');
  if (authorities.length === 0) tell('tlsCaFile', 'holds no certificate in PEM');
  if (key === undefined) tell('tlsKeyFile', `holds no private key in PEM that opens ${howItOpens(files)}`);
  if (own !== undefined) {
    for (const fault of faultsOf(own, now)) tell('tlsCertificateFile', fault);
    if (key !== undefined && !own.checkPrivateKey(key)) {
      tell('tlsKeyFile', `is not the key of the certificate in ${tlsCertificateFile.key}`);
    }
    if (authorities.length > 0 && !isIssued(own, between, authorities)) {
      tell('tlsCertificateFile', `holds a certificate that no authority in ${tlsCaFile.key} has issued`);
    }
  }
  if (problems.length > 0 || own === undefined || key === undefined) return { problems };
  const pem = {
    cert: [own, ...between].map(String).join(''),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ca: authorities.map(String),
  };
  try {
    const context = createSecureContext({ ...pem, minVersion: TLS_MIN });
    return { value: { ...pem, context, validTo: new Date(own.validTo) } };
  } catch (error) {
    // A key that is too small, for one.
    const why = `cannot be used (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
    return { problems: [problem('tlsCertificateFile', files, why)] };
  }
}

/** What is wrong with the keys and files of TLS between nodes; nothing where nobody asks for it. */
export function tlsProblems(files: TlsFiles): readonly string[] {
  const missing = missingTlsFiles(files);
  if (missing.length > 0 || !asksForTls(files)) return missing;
  const read = readTlsTexts(files);
  if ('problems' in read) return read.problems;
  const checked = checkTlsTexts(read.value, files, Date.now());
  return 'problems' in checked ? checked.problems : [];
}

function problem(field: keyof TlsTexts, files: TlsFiles, why: string): string {
  return `${fileSettings[field].key}: '${files[field]}' ${why}`;
}

function howItOpens({ tlsKeyPassword: password }: TlsFiles): string {
  return password === '' ? 'without a password' : `with ${tlsKeyPassword.key}`;
}

function keyIn(text: string, passphrase: string): KeyObject | undefined {
  try {
    return createPrivateKey({ key: text, passphrase });
  } catch {
    // Its message may name what it has read.
    return undefined;
  }
}

function faultsOf(certificate: X509Certificate, now: number): string[] {
  const { validFrom, validTo } = certificate;
  // Undefined where the certificate does not say what it is for: for all.
  const purposes = certificate.keyUsage as readonly string[] | undefined;
  const faults: string[] = [];
  if (Date.parse(validTo) <= now) faults.push(`holds a certificate that has expired (${validTo})`);
  if (Date.parse(validFrom) > now) faults.push(`holds a certificate that is not valid yet (${validFrom})`);
  if (purposes !== undefined && !PURPOSES.every((purpose) => purposes.includes(purpose))) {
    faults.push('holds a certificate that is not for servers and clients, and a node is both (extended key usage)');
  }
  return faults;
}

function isIssued(
  own: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): boolean {
  const issuerAmong = (issuers: readonly X509Certificate[], of: X509Certificate): X509Certificate | undefined =>
    issuers.find((issuer) => of.checkIssued(issuer) && of.verify(issuer.publicKey));
  let last = own;
  // A chain is no longer than its links, and may be a ring.
  for (let step = 0; step <= between.length; step += 1) {
    if (issuerAmong(authorities, last) !== undefined) return true;
    const next = issuerAmong(between, last);
    if (next === undefined) return false;
    last = next;
  }
  return false;
}
