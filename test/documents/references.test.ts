import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { translateClientSettings } from '@sluice/kafka/client-settings';
import { listSettings } from '@sluice/runtime';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GENERATED = new Set(['node_modules', 'dist', '.git']);

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    return GENERATED.has(entry.name) ? [] : filesBelow(path);
  });
}

const files = filesBelow('.');
const documents = files.filter((file) => file.endsWith('.md'));
const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const sources = files
  .filter((file) => /^(packages\/[a-z]+\/(src|bin)|scripts)\//.test(file))
  .map(text)
  .join('\n');

/** The words in `code font` of a document, blocks of code aside. */
function codeWords(document: string): string[] {
  const prose = text(document).replaceAll(/^ *```[^]*?^ *```$/gm, '');
  return [...new Set([...prose.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word))];
}

/** The anchor that a heading gets. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(document: string): string[] {
  return [...text(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

function isBroken(document: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : join(dirname(document), path);
  if (!existsSync(join(ROOT, target))) return true;
  return anchor !== undefined && !anchorsOf(target).includes(anchor);
}

function brokenLinks(document: string): string[] {
  const links = [...text(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link)).filter((link) => isBroken(document, link));
}

/** `packages/NAME/test` stands for many files, `/openapi.json` for a resource. */
function isFileName(word: string): boolean {
  if (word.startsWith('/') || word.includes('NAME')) return false;
  return /^[\w@./-]+\.(ts|js|mjs|sh|json|md)$/.test(word) || /^(packages|test|scripts|deploy)\/[\w./-]+$/.test(word);
}

/** A path may be cut at its beginning: `worker/src/worker.ts`, or just `worker.ts` where one would look for it. */
function isThere(name: string): boolean {
  const path = relative('.', name);
  return existsSync(join(ROOT, path)) || files.some((file) => file.endsWith(`/${path}`));
}

/** `DeliveryTracker`, `Session.settle`, `readRecords`, `offset_commit_cb`: not words of a language. */
function isSymbol(word: string): boolean {
  return /^(?:[A-Z]\w*\.)?\w*(?:[a-z][A-Z]|_)\w*$/.test(word) || /^[A-Z]\w*\.[a-z]\w*$/.test(word);
}

function isDefined(symbol: string): boolean {
  return symbol.split('.').every((name) => new RegExp(`\\b${name}\\b`).test(sources));
}

function looksLikeKey(word: string): boolean {
  return /^[a-z]+(\.[a-z0-9]+)+$/.test(word) && !isFileName(word);
}

/** Whether a client takes the key, in Java's words or librdkafka's, with or without the prefix that it has in the file. */
function isClientKey(key: string): boolean {
  const name = key.replace(/^(client|producer|consumer|admin|schema\.registry(?=\.ssl\.))\./, '');
  const { warnings } = translateClientSettings({
    bootstrapServers: '127.0.0.1:1',
    // Keys of TLS and SASL have no effect without the protocol that asks for them.
    keys: { client: { 'security.protocol': 'SASL_SSL', [name]: '' }, producer: {}, consumer: {}, admin: {} },
    oauthbearerToken: '',
    tokenTimeoutMs: 1,
  });
  return warnings.length === 0;
}

function tableRows(markdown: string): string[][] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
}

describe('the documents', () => {
  it.each(documents)('%s links to what exists', (document) => {
    expect(brokenLinks(document)).toEqual([]);
  });

  it.each(documents)('%s names files that exist', (document) => {
    expect(codeWords(document).filter((word) => isFileName(word) && !isThere(word))).toEqual([]);
  });

  it.each(['protocol', 'runtime', 'kafka', 'cli'])(
    'packages/%s/README.md says what each source file is for',
    (name) => {
      const listed = codeWords(`packages/${name}/README.md`).map((word) => word.replace(/^src\//, ''));
      const inFolder = readdirSync(join(ROOT, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' }).filter(
        (file) => file.endsWith('.ts') && file !== 'index.ts',
      );
      expect(inFolder.length).toBeGreaterThan(10);
      expect(inFolder.filter((file) => !listed.includes(file))).toEqual([]);
    },
  );

  it.each(['ARCHITECTURE.md', 'packages/kafka/README.md'])('%s names symbols that exist', (document) => {
    const symbols = codeWords(document).filter(isSymbol);
    expect(symbols.length).toBeGreaterThan(0);
    expect(symbols.filter((symbol) => !isDefined(symbol))).toEqual([]);
  });

  it.each(['README.md', 'ARCHITECTURE.md', 'DECISIONS.md'])('%s names keys that exist', (document) => {
    const known = new Set(listSettings().map(({ key }) => key));
    const keys = codeWords(document).filter(looksLikeKey);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter((key) => !known.has(key) && !isClientKey(key))).toEqual([]);
  });

  it('the README shows the defaults of the keys that it explains', () => {
    const defaults = new Map(listSettings().map(({ key, defaultText }) => [`\`${key}\``, defaultText]));
    const [, section = ''] = text('README.md').split('\n## Configure it\n');
    const rows = tableRows(section.split('\n## ')[0] ?? '').filter(([key = '']) => (defaults.get(key) ?? '') !== '');
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.map(([key, shown]) => [key, shown?.replaceAll('`', '')])).toEqual(
      rows.map(([key = '']) => [key, defaults.get(key)]),
    );
  });

  it('DECISIONS.md gives a reason for each dependency, and for no other', () => {
    const manifests = files.filter(
      (file) => /^(packages\/[a-z]+\/)?package\.json$/.test(file) && !file.includes('bin'),
    );
    const declared = manifests.flatMap((file) => {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(text(file)) as Record<string, object | undefined>;
      return Object.keys({ ...dependencies, ...devDependencies });
    });
    const outside = new Set(declared.filter((name) => !name.startsWith('@sluice/')));
    const [, section = ''] = text('DECISIONS.md').split('\n## Dependencies\n');
    const explained = tableRows(section).map(([name = '']) => name.replaceAll('`', ''));
    expect(explained.toSorted()).toEqual([...outside].toSorted());
  });
});
