import { readdirSync, readFileSync } from 'node:fs';
import { listSettings } from '@sluice/runtime';
import { describe, expect, it } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, limits = ''] = readme.split('\n## Limits\n');
/** First and second column of each row that begins with a key and its default. */
const rows = new Map(
  [...limits.matchAll(/^\| `([a-z.]+)` \| `([^`]*)` \|/gm)].map(([, key = '', value = '']) => [key, value]),
);

/** Settings that choose a behaviour and limit nothing. */
const choices = /^consumer\.(auto\.|enable\.auto\.)/;
const limited = /^(sluice\.(http|json|request|consumer|produce)\.|consumer\.|idle\.|max\.request|fetch\.)/;

describe("the README's limits", () => {
  it('have the defaults of the settings', () => {
    const defaults = new Map(listSettings().map(({ key, defaultText }) => [key, defaultText]));
    for (const [key, value] of rows) expect([key, value]).toEqual([key, defaults.get(key)]);
  });

  it('are all that there are', () => {
    const keys = listSettings().map(({ key }) => key);
    expect([...rows.keys()].toSorted()).toEqual(
      keys.filter((key) => limited.test(key) && !choices.test(key)).toSorted(),
    );
  });
});

it('the README says what each source file is for', () => {
  const files = readdirSync(new URL('../src', import.meta.url), { recursive: true }).map(String);
  const sources = files.filter((file) => file.endsWith('.ts') && file !== 'index.ts');
  expect(sources.filter((file) => !readme.includes(`\`${file}\``))).toEqual([]);
});
