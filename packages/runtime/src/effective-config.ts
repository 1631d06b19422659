import { type ConfigSource, HIDDEN, hideSecrets, type SourcedValue } from './config-sources.ts';
import type { Setting } from './setting.ts';
import { listSettings } from './settings.ts';

/** One key of the effective configuration, fit to be shown. */
export interface EffectiveSetting {
  readonly key: string;
  /** As it was written, or the default; secrets are replaced by `[hidden]`. */
  readonly value: string;
  readonly source: ConfigSource;
}

/** All known keys with their values, then every other key that was given, by name. */
export function effectiveSettings(values: ReadonlyMap<string, SourcedValue>): EffectiveSetting[] {
  const known = listSettings();
  const names = new Set(known.map(({ key }) => key));
  const others = [...values]
    .filter(([key]) => !names.has(key))
    .map(([key, { value, source }]) => ({ key, value: hideSecrets(key, value), source }));
  return [...known.map((setting) => effectiveSetting(setting, values)), ...others].toSorted((a, b) =>
    a.key < b.key ? -1 : 1,
  );
}

function effectiveSetting(setting: Setting<unknown>, values: ReadonlyMap<string, SourcedValue>): EffectiveSetting {
  const from = [setting.key, ...setting.fallbackKeys].find((key) => values.has(key));
  const given = from === undefined ? undefined : values.get(from);
  if (given === undefined) return { key: setting.key, value: setting.defaultText, source: 'default' };
  const value = setting.secret && given.value !== '' ? HIDDEN : hideSecrets(setting.key, given.value);
  return { key: setting.key, value, source: given.source };
}
