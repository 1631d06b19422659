import { readFileSync } from 'node:fs';
import { listSettings } from '@sluice/runtime';
import { expect, it } from 'vitest';

it('the README lists every key as settings.ts has it, and no other', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, table = ''] = readme.split('|---|---|---|---|\n');
  const rows = listSettings().map(({ key, defaultText, allowed, description }) => {
    return `| \`${key}\` | ${defaultText === '' ? '' : `\`${defaultText}\``} | ${description} | ${allowed} |`;
  });
  expect(table.split('\n\n')[0]?.split('\n')).toEqual(rows);
});
