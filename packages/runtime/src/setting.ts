import type { ListenAddress } from './config.ts';
import { formatListenAddress, parseListenAddress } from './listeners.ts';

/** One key of the configuration: its name, what it may hold, and what it means. */
export interface Setting<T> {
  readonly key: string;
  /** Where a value is looked for when `key` itself is not set, in this order. */
  readonly fallbackKeys: readonly string[];
  readonly defaultValue: T;
  /** The default as it would be written in the file. */
  readonly defaultText: string;
  /** What may be written, in words, for messages and for `sluice config --list`. */
  readonly allowed: string;
  readonly description: string;
  /** Its value is never shown. */
  readonly secret: boolean;
  /** From the trimmed text to the value; undefined when that is not allowed. */
  readonly parse: (text: string) => T | undefined;
  /** Why a text is refused, as the end of a sentence, where that says more than "is not allowed". */
  readonly explain: (text: string) => string | undefined;
}

/** A setting for each field. */
export type Group<T> = { readonly [K in keyof T]: Setting<T[K]> };

export const MIB = 1_048_576;

interface Described {
  readonly description: string;
  readonly fallbackKeys?: readonly string[];
  readonly secret?: boolean;
}

interface Ranged extends Described {
  readonly defaultValue: number;
  readonly min: number;
  readonly max: number;
}

/** A whole number within bounds, both of which are allowed. */
export function integer(key: string, options: Ranged): Setting<number> {
  const { min, max, defaultValue } = options;
  return setting(key, options, {
    defaultValue,
    defaultText: String(defaultValue),
    allowed: `a whole number from ${min} to ${max}`,
    parse: (value) => {
      const number = /^[+-]?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= max ? number : undefined;
    },
  });
}

/** A time in milliseconds. The ceiling is the longest delay of a JavaScript timer, 2^31 - 1 ms: beyond it a timer fires at once. */
export function milliseconds(
  key: string,
  options: Described & { defaultValue: number; min?: number },
): Setting<number> {
  return integer(key, { ...options, min: options.min ?? 1, max: 2_147_483_647 });
}

export function flag(key: string, options: Described & { defaultValue: boolean }): Setting<boolean> {
  return setting(key, options, {
    defaultValue: options.defaultValue,
    defaultText: String(options.defaultValue),
    allowed: 'true or false',
    parse: (value) => ({ true: true, false: false })[value.toLowerCase()],
  });
}

export function text(key: string, options: Described & { defaultValue?: string }): Setting<string> {
  return setting(key, options, {
    defaultValue: options.defaultValue ?? '',
    defaultText: options.defaultValue ?? '',
    allowed: 'any text',
    parse: (value) => value,
  });
}

export function choice<T extends string>(
  key: string,
  options: Described & { readonly defaultValue: T; readonly values: readonly T[] },
): Setting<T> {
  return setting(key, options, {
    defaultValue: options.defaultValue,
    defaultText: options.defaultValue,
    allowed: `one of ${options.values.map((value) => value || 'nothing').join(', ')}`,
    parse: (value) => options.values.find((allowed) => allowed === value.toLowerCase()),
  });
}

/** A comma-separated list; white space around the entries and empty entries are dropped, as Kafka's own lists do. */
export function list(
  key: string,
  options: Described & { defaultValue: readonly string[] },
): Setting<readonly string[]> {
  return setting(key, options, {
    defaultValue: options.defaultValue,
    defaultText: options.defaultValue.join(','),
    allowed: 'a comma-separated list',
    parse: splitList,
  });
}

/** One address to listen on; the empty value means that nothing listens. */
export function listener(
  key: string,
  options: Described & { defaultValue: ListenAddress | null; schemes?: readonly ListenAddress['scheme'][] },
): Setting<ListenAddress | null> {
  const { schemes = ['http'] } = options;
  const forms = schemes.map((scheme) => `${scheme}://HOST:PORT`).join(' or ');
  return setting(key, options, {
    defaultValue: options.defaultValue,
    defaultText: options.defaultValue === null ? '' : formatListenAddress(options.defaultValue),
    allowed: `${forms} (port 0 means any free one), or nothing for none`,
    parse: (value) => (value === '' ? null : parseListenAddress(value, schemes)),
    explain: (value) =>
      /^https:/i.test(value) && !schemes.includes('https') ? 'asks for TLS, which is not offered there yet' : undefined,
  });
}

export function splitList(value: string): string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** One with a form of its own. */
export function setting<T>(
  key: string,
  described: Described,
  rule: Pick<Setting<T>, 'defaultValue' | 'defaultText' | 'allowed' | 'parse'> & Partial<Pick<Setting<T>, 'explain'>>,
): Setting<T> {
  return {
    key,
    fallbackKeys: described.fallbackKeys ?? [],
    description: described.description,
    secret: described.secret ?? false,
    explain: () => undefined,
    ...rule,
  };
}
