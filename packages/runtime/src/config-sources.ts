/** Where a value came from, the weakest first. */
export type ConfigSource = 'default' | 'file' | 'environment' | 'command line';

export interface SourcedValue {
  readonly value: string;
  readonly source: ConfigSource;
}

const urlCredentials = /([a-z][a-z0-9+.-]*:\/\/)[^\s/?#,']*@/gi;
const secretKey =
  /password|passphrase|secret|token$|credential(?!s\.source)|jaas\.config|user\.info|(?:^|\.)ssl\.(?:keystore\.)?key(?:\.pem)?$|sasl\.password/i;

/** The text that stands where a secret was. */
export const HIDDEN = '[hidden]';

/** Joins the sources; of a key given in several the strongest wins. Values lose the white space around them, as in Java. */
export function mergeSources(
  sources: readonly (readonly [ConfigSource, ReadonlyMap<string, string>])[],
): Map<string, SourcedValue> {
  const merged = new Map<string, SourcedValue>();
  for (const [source, values] of sources) {
    for (const [key, value] of values) merged.set(key, { value: value.trim(), source });
  }
  return merged;
}

/** Whether a key, known or not, holds something that must not be shown. Known secrets have names that say so. */
export function isSecretKey(key: string): boolean {
  return secretKey.test(key);
}

/** A value as it may be shown: a secret is hidden whole, the user part of a URL always. */
export function hideSecrets(key: string, value: string): string {
  if (value !== '' && isSecretKey(key)) return HIDDEN;
  return hideUrlCredentials(value);
}

/** Hides the user part of every URL in a text. */
export function hideUrlCredentials(text: string): string {
  return text.replace(urlCredentials, `$1${HIDDEN}@`);
}
