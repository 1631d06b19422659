import { getCiphers } from 'node:tls';

/** The part behind `_WITH_`, from IANA's words to OpenSSL's. */
const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/^(AES|CAMELLIA|ARIA)_(128|256)/, '$1$2'],
  [/^3DES_EDE_CBC/, 'DES-CBC3'],
  [/_CBC(?=_SHA)/, ''],
  [/(POLY1305)_SHA256$/, '$1'],
];

/**
 * OpenSSL's name of a cipher suite, which is given by that or by IANA's, `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`.
 *
 * @returns undefined for one that this OpenSSL does not have
 */
export function opensslCipher(name: string): string | undefined {
  const upper = name.toUpperCase();
  const known = new Set(getCiphers().map((cipher) => cipher.toUpperCase()));
  if (known.has(upper)) return upper;
  const [, exchange, rest] = /^(?:TLS|SSL)_(\w+?)_WITH_(\w+)$/.exec(upper) ?? [];
  if (exchange === undefined || rest === undefined) return undefined;
  const cipher = REPLACED.reduce((text, [from, to]) => text.replace(from, to), rest).replaceAll('_', '-');
  const translated = exchange === 'RSA' ? cipher : `${exchange.replaceAll('_', '-')}-${cipher}`;
  return known.has(translated) ? translated : undefined;
}
