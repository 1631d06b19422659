import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TOOL_TIMEOUT_MS = 20_000;

/** A key with its certificate: PEM files, and both in one PKCS12 file as Java users have them. */
export interface Certificate {
  readonly keyFile: string;
  readonly certificateFile: string;
  /** Key and certificate in one file: the form of Kafka's PEM key store. */
  readonly pemFile: string;
  readonly pkcs12File: string;
}

export interface CertificateOptions {
  /** Its time is over. */
  readonly isExpired?: boolean;
  /** `extendedKeyUsage`, for example `serverAuth`; default none, which is for everything. */
  readonly purposes?: string;
}

/** A certification authority that lives as long as its directory. */
export interface CertificateAuthority {
  readonly certificateFile: string;
  /** A Java trust store with the authority's certificate in it. */
  readonly trustStoreFile: string;
  /** Opens each PKCS12 file. */
  readonly storePassword: string;
  /** A certificate for 127.0.0.1 and localhost, good for servers and clients unless the options say otherwise. */
  issue(commonName: string, options?: CertificateOptions): Promise<Certificate>;
}

async function openssl(...commandArguments: string[]): Promise<void> {
  await run('openssl', commandArguments, { timeout: TOOL_TIMEOUT_MS });
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];

async function issueCertificate(
  directory: string,
  name: string,
  { password, isExpired = false, purposes }: CertificateOptions & { readonly password: string },
): Promise<Certificate> {
  const file = (suffix: string): string => join(directory, `${name}${suffix}`);
  const certificate: Certificate = {
    keyFile: file('.key'),
    certificateFile: file('.crt'),
    pemFile: file('.pem'),
    pkcs12File: file('.p12'),
  };
  const { keyFile, certificateFile } = certificate;
  const authority = ['-CA', join(directory, 'ca.crt'), '-CAkey', join(directory, 'ca.key')];
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  if (purposes !== undefined) names.push('-addext', `extendedKeyUsage=${purposes}`);
  const files = ['-keyout', keyFile, '-out', certificateFile];
  await openssl('req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`, ...names, ...authority, ...files);
  if (isExpired) {
    // It ends as it begins. `openssl req` makes none that are over, and `openssl x509` only from a request.
    const request = file('.csr');
    await openssl('req', '-new', '-key', keyFile, '-subj', `/CN=${name}`, ...names, '-out', request);
    const end = ['-days', '0', '-copy_extensions', 'copy', '-CAcreateserial', '-out', certificateFile];
    await openssl('x509', '-req', '-in', request, ...authority, ...end);
  }
  await writeFile(certificate.pemFile, (await readFile(keyFile, 'utf8')) + (await readFile(certificateFile, 'utf8')));
  const pair = ['-inkey', keyFile, '-in', certificateFile];
  await openssl('pkcs12', '-export', ...pair, '-out', certificate.pkcs12File, '-passout', `pass:${password}`);
  return certificate;
}

/** Makes an authority in `directory` with the openssl command and Java's keytool. */
export async function createAuthority(directory: string): Promise<CertificateAuthority> {
  const storePassword = 'store-password';
  const certificateFile = join(directory, 'ca.crt');
  const trustStoreFile = join(directory, 'trust.p12');
  const files = ['-keyout', join(directory, 'ca.key'), '-out', certificateFile];
  await openssl('req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=Sluice test authority', ...files);
  // Only keytool marks an entry as trusted in Java's way; OpenSSL learnt that in 3.2.
  const entry = ['-importcert', '-noprompt', '-alias', 'authority', '-file', certificateFile];
  const store = ['-keystore', trustStoreFile, '-storetype', 'PKCS12', '-storepass', storePassword];
  await run('keytool', [...entry, ...store], { timeout: TOOL_TIMEOUT_MS });
  return {
    certificateFile,
    trustStoreFile,
    storePassword,
    issue: async (commonName, options) =>
      await issueCertificate(directory, commonName, { ...options, password: storePassword }),
  };
}
