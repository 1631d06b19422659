import { listSettings } from '@sluice/runtime';
import { type ConfigurationInput, loadConfiguration } from './configuration.ts';

/** The table of all keys that mean something here, for people. */
export function listKeys(): string {
  return listSettings()
    .map(({ key, defaultText, allowed, description }) => {
      const shown = defaultText === '' ? '(nothing)' : defaultText;
      return `${key}\n    ${description}\n    default: ${shown}; ${allowed}\n`;
    })
    .join('');
}

/**
 * What holds now, as a properties file; secrets are hidden, and where a value comes from stands above it unless it is
 * the default. Warnings stand first.
 *
 * @throws ConfigError when the configuration cannot be used.
 */
export function showConfiguration(input: ConfigurationInput): string {
  const { effective, warnings } = loadConfiguration(input);
  const lines = effective.map(
    ({ key, value, source }) => `${source === 'default' ? '' : `# from the ${source}\n`}${key}=${value}\n`,
  );
  return [...warnings.map((warning) => `# warning: ${warning}\n`), ...lines].join('');
}
