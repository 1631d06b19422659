import { opensslCipher } from './cipher-suites.ts';
import type { ClientKeys, ListenerTls } from './config.ts';
import type { SourcedValue } from './config-sources.ts';
import { LISTENER_PREFIX, listenerTls, STORE_KEYS } from './listener-tls-settings.ts';
import type { Setting } from './setting.ts';

type Values = ReadonlyMap<string, SourcedValue>;

/** Reads a setting under a prefix where it is set there, else without it; tells what is wrong with it. */
export interface PrefixedReader {
  readonly problems: string[];
  read<T>(setting: Setting<T>, prefix?: string): T;
}

/** From the oldest; what is older than these nobody should speak any more (RFC 8996). */
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
const OLD_VERSIONS = /^(?:SSLv2Hello|SSLv2|SSLv3|TLSv1|TLSv1\.1)$/i;

const { keystoreLocation, truststoreLocation, clientAuth, clientAuthentication, enabledProtocols, cipherSuites } =
  listenerTls;

/** What is said about TLS on one listener, by the name that it has in `listeners`. */
export function readListenerTls(reader: PrefixedReader, values: Values, name: string): ListenerTls {
  const prefix = `${LISTENER_PREFIX}${name}.`;
  const label = (setting: Setting<unknown>): string =>
    values.has(prefix + setting.key) ? prefix + setting.key : setting.key;
  const authentication = readClientAuthentication(reader, prefix, label);
  if (reader.read(keystoreLocation, prefix) === '') {
    reader.problems.push(`${label(keystoreLocation)}: nothing is set, and the listener ${name} is one of https`);
  }
  if (authentication !== 'none' && reader.read(truststoreLocation, prefix) === '') {
    // Without it certificates of any authority in the world would do.
    const why = `clients of the listener ${name} show certificates, and nobody says whose are believed`;
    reader.problems.push(`${label(truststoreLocation)}: nothing is set, and ${why}`);
  }
  return {
    clientAuthentication: authentication,
    ...readVersions(reader, prefix, label(enabledProtocols)),
    ciphers: readCiphers(reader, prefix, label(cipherSuites)),
    stores: [
      ['', storeKeys(values, '')],
      [prefix.slice(0, -1), storeKeys(values, prefix)],
    ],
  };
}

function readClientAuthentication(
  reader: PrefixedReader,
  prefix: string,
  label: (setting: Setting<unknown>) => string,
): ListenerTls['clientAuthentication'] {
  const asked = reader.read(clientAuthentication, prefix);
  const isNeeded = reader.read(clientAuth, prefix);
  if (asked === 'none' && isNeeded) {
    reader.problems.push(`${label(clientAuthentication)}: NONE contradicts ${label(clientAuth)}=true`);
  }
  if (asked === '') return isNeeded ? 'required' : 'none';
  return asked;
}

function readVersions(
  reader: PrefixedReader,
  prefix: string,
  label: string,
): Pick<ListenerTls, 'minVersion' | 'maxVersion'> {
  const given = reader.read(enabledProtocols, prefix);
  const spoken = VERSIONS.filter((version) => given.some((name) => name.toLowerCase() === version.toLowerCase()));
  const known = (name: string): boolean =>
    OLD_VERSIONS.test(name) || VERSIONS.some((version) => version.toLowerCase() === name.toLowerCase());
  for (const name of given.filter((text) => !known(text))) {
    reader.problems.push(`${label}: '${name}' is not allowed; allowed are ${VERSIONS.join(', ')}`);
  }
  if (given.length > 0 && spoken.length === 0 && given.every(known)) {
    reader.problems.push(`${label}: '${given.join(',')}' are not spoken any more; allowed are ${VERSIONS.join(', ')}`);
  }
  return { minVersion: spoken[0] ?? 'TLSv1.2', maxVersion: spoken.at(-1) ?? 'TLSv1.3' };
}

function readCiphers(reader: PrefixedReader, prefix: string, label: string): string {
  const given = reader.read(cipherSuites, prefix);
  const translated = given.map((name) => {
    const cipher = opensslCipher(name);
    if (cipher === undefined)
      reader.problems.push(
        `${label}: '${name}' is no cipher suite of this OpenSSL; allowed are IANA's names and OpenSSL's`,
      );
    return cipher;
  });
  return translated.filter((cipher) => cipher !== undefined).join(':');
}

function storeKeys(values: Values, prefix: string): ClientKeys {
  return Object.fromEntries(
    STORE_KEYS.flatMap((key) => {
      const given = values.get(prefix + key);
      return given === undefined ? [] : [[key, given.value]];
    }),
  );
}
