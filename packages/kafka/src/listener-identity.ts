import { readFileSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import { Findings, MergedKeys } from './client-findings.ts';
import { type ReadFile, translateTls } from './client-tls.ts';

export interface ListenerIdentityOptions {
  /** `ssl.keystore.*`, `ssl.truststore.*`, `ssl.key.password`, in layers of which the later wins, with what stands in front of them. */
  readonly layers: readonly (readonly [prefix: string, keys: Readonly<Record<string, string>>])[];
  readonly readFile?: ReadFile;
}

export interface TranslatedListenerIdentity {
  readonly tls: Pick<SecureContextOptions, 'pfx' | 'passphrase' | 'key' | 'cert' | 'ca'>;
  readonly problems: readonly string[];
}

/**
 * What a listener of https shows to clients and believes of them. Its stores are Java's, as those of Kafka's clients are,
 * and have the names that theirs have.
 */
export function translateListenerIdentity({ layers, readFile }: ListenerIdentityOptions): TranslatedListenerIdentity {
  const findings = new Findings();
  const { admin } = translateTls(new MergedKeys(layers), findings, readFile ?? readFileSync);
  const { pfx, passphrase, key, cert, ca } = admin;
  const tls = { pfx, passphrase, key, cert, ca };
  return {
    tls: Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)),
    problems: findings.problems,
  };
}
