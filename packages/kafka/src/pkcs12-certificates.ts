import { createDecipheriv, pbkdf2Sync, X509Certificate } from 'node:crypto';

/** A DER element: its tag and its content. */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
const INTEGER = 0x02;
const CONTEXT_0 = 0xa0;
/** [0] IMPLICIT OCTET STRING, in one piece or in parts. */
const IMPLICIT_OCTETS = 0x80;
const IMPLICIT_OCTETS_IN_PARTS = 0xa0;

const oid = {
  data: '2a864886f70d010701',
  encryptedData: '2a864886f70d010706',
  certBag: '2a864886f70d010c0a0103',
  x509: '2a864886f70d01091601',
  pbes2: '2a864886f70d01050d',
  pbkdf2: '2a864886f70d01050c',
} as const;

const digests: Readonly<Record<string, string>> = {
  '2a864886f70d0207': 'sha1',
  '2a864886f70d0208': 'sha224',
  '2a864886f70d0209': 'sha256',
  '2a864886f70d020a': 'sha384',
  '2a864886f70d020b': 'sha512',
};

const ciphers: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  '2a864886f70d0307': { name: 'des-ede3-cbc', keyBytes: 24 },
  '608648016503040102': { name: 'aes-128-cbc', keyBytes: 16 },
  '608648016503040116': { name: 'aes-192-cbc', keyBytes: 24 },
  '60864801650304012a': { name: 'aes-256-cbc', keyBytes: 32 },
};

/** A file from outside must not be able to buy hours of hashing; keytool and OpenSSL write 10,000 and 2,048. */
const ITERATIONS_MAX = 10_000_000;

/** The file is encrypted in a way that current OpenSSL refuses as well (RC2 or the PKCS#12 key derivation of old Java). */
export class LegacyEncryptionError extends Error {
  constructor() {
    super('it is encrypted with an algorithm from before 2018');
    this.name = 'LegacyEncryptionError';
  }
}

/**
 * The certificates in a PKCS#12 file, in PEM. Neither Node nor librdkafka can read a trust store, which has
 * certificates but no key. Encrypted with PBES2 (Java from 8u301, OpenSSL from 3.0) or not at all. Source: RFC 7292,
 * RFC 8018.
 *
 * @throws LegacyEncryptionError for older encryption; Error when the password is wrong or the file is damaged.
 */
export function readPkcs12Certificates(file: Buffer, password: string): string[] {
  const pfx = children(only(file, SEQUENCE));
  const [type, content] = children(contentOf(pfx[1], SEQUENCE));
  if (contentOf(type).toString('hex') !== oid.data) throw new Error('it is not protected by a password');
  const safe = contentOf(children(contentOf(content, CONTEXT_0))[0], OCTET_STRING);
  return children(only(safe, SEQUENCE)).flatMap((info) => certificatesOf(safeContents(info, password)));
}

/** The bags of one part of the file, decrypted; undefined for a part of another kind. */
function safeContents(info: Element, password: string): Buffer | undefined {
  const [type, content] = children(contentOf(info, SEQUENCE));
  const kind = contentOf(type).toString('hex');
  const inner = children(contentOf(content, CONTEXT_0))[0];
  if (kind === oid.data) return contentOf(inner, OCTET_STRING);
  if (kind !== oid.encryptedData) return undefined;
  const [, encrypted] = children(contentOf(inner, SEQUENCE));
  const [, algorithm, data] = children(contentOf(encrypted, SEQUENCE));
  return decrypt(contentOf(algorithm, SEQUENCE), octets(data), password);
}

function certificatesOf(contents: Buffer | undefined): string[] {
  if (contents === undefined) return [];
  return children(only(contents, SEQUENCE)).flatMap((bag) => {
    const [type, value] = children(contentOf(bag, SEQUENCE));
    if (contentOf(type).toString('hex') !== oid.certBag) return [];
    const [certificateType, certificate] = children(contentOf(children(contentOf(value, CONTEXT_0))[0], SEQUENCE));
    if (contentOf(certificateType).toString('hex') !== oid.x509) return [];
    const der = contentOf(children(contentOf(certificate, CONTEXT_0))[0], OCTET_STRING);
    return [new X509Certificate(der).toString()];
  });
}

function decrypt(algorithm: Buffer, data: Buffer, password: string): Buffer {
  const [scheme, parameters] = children(algorithm);
  if (contentOf(scheme).toString('hex') !== oid.pbes2) throw new LegacyEncryptionError();
  const [derivation, encryption] = children(contentOf(parameters, SEQUENCE));
  const [derivationType, derivationParameters] = children(contentOf(derivation, SEQUENCE));
  const [cipherType, iv] = children(contentOf(encryption, SEQUENCE));
  const cipher = ciphers[contentOf(cipherType).toString('hex')];
  if (contentOf(derivationType).toString('hex') !== oid.pbkdf2 || cipher === undefined)
    throw new LegacyEncryptionError();
  const [salt, iterations, ...optional] = children(contentOf(derivationParameters, SEQUENCE));
  const rounds = Number.parseInt(contentOf(iterations, INTEGER).toString('hex'), 16);
  if (!(rounds >= 1 && rounds <= ITERATIONS_MAX)) throw new Error(`its number of iterations is ${rounds}`);
  const key = pbkdf2Sync(password, contentOf(salt, OCTET_STRING), rounds, cipher.keyBytes, digestOf(optional));
  const decipher = createDecipheriv(cipher.name, key, contentOf(iv, OCTET_STRING));
  return Buffer.concat([decipher.update(data), decipher.final()]);
}

/** The hash of PBKDF2 stands last, after an optional key length; SHA-1 when it is left out. */
function digestOf(optional: readonly Element[]): string {
  const last = optional.at(-1);
  if (last?.tag !== SEQUENCE) return 'sha1';
  const digest = digests[contentOf(children(last.content)[0]).toString('hex')];
  if (digest === undefined) throw new LegacyEncryptionError();
  return digest;
}

function octets(element: Element | undefined): Buffer {
  if (element?.tag === IMPLICIT_OCTETS) return element.content;
  if (element?.tag !== IMPLICIT_OCTETS_IN_PARTS) throw new Error('it is damaged');
  return Buffer.concat(children(element.content).map((part) => contentOf(part, OCTET_STRING)));
}

function contentOf(element: Element | undefined, tag?: number): Buffer {
  if (element === undefined || (tag !== undefined && element.tag !== tag)) throw new Error('it is damaged');
  return element.content;
}

function only(der: Buffer, tag: number): Buffer {
  return contentOf(children(der)[0], tag);
}

/** The elements that stand one after another in some DER. */
function children(der: Buffer): Element[] {
  const elements: Element[] = [];
  let at = 0;
  while (at < der.length) {
    const tag = der[at];
    const first = der[at + 1];
    if (tag === undefined || first === undefined) throw new Error('it is damaged');
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if (lengthBytes > 4 || first === 0x80 || at + 2 + lengthBytes > der.length) throw new Error('it is damaged');
    const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
    const start = at + 2 + lengthBytes;
    if (start + length > der.length) throw new Error('it is damaged');
    elements.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}
