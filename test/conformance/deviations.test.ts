import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { clusterErrors, commonErrors, errorKinds, routes } from '../../packages/protocol/src/index.ts';

/** Holds README.md of this folder to the tests that it names: a page that nobody checks is wrong within a month. */

interface TestLink {
  readonly title: string;
  readonly file: string;
}

const page = readFileSync(new URL('./README.md', import.meta.url), 'utf8');

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function linksIn(cell: string): TestLink[] {
  return [...cell.matchAll(/\[([^\]]+)\]\(([^)]+\.test\.ts)\)/g)].map(([, title = '', file = '']) => ({ title, file }));
}

/** Rows of the page's tables whose first cell is like this. */
function rowsOf(first: RegExp): string[][] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map(cellsOf)
    .filter(([cell = '']) => first.test(cell));
}

interface SyntaxNode {
  readonly type?: string;
  readonly [name: string]: unknown;
}

function literalIn(list: unknown): string[] {
  const [first] = list as readonly (SyntaxNode | null)[];
  return first?.type === 'Literal' && typeof first['value'] === 'string' ? [first['value']] : [];
}

/** Titles stand first in `it(…)`, `it.each(…)(…)`, `describe(…)`, and first in the rows of a table. */
function titlesIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(titlesIn);
  const { type, ...fields } = node as SyntaxNode;
  const own =
    type === 'CallExpression'
      ? literalIn(fields['arguments'])
      : type === 'ArrayExpression'
        ? literalIn(fields['elements'])
        : [];
  return [...own, ...Object.values(fields).flatMap(titlesIn)];
}

const titlesByFile = new Map<string, ReadonlySet<string>>();

function titlesOf(file: string): ReadonlySet<string> {
  let titles = titlesByFile.get(file);
  if (titles === undefined) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    titles = new Set(titlesIn(parseSync(path, readFileSync(path, 'utf8')).program));
    titlesByFile.set(file, titles);
  }
  return titles;
}

function missingTests(links: readonly TestLink[]): string[] {
  return links.filter(({ title, file }) => !titlesOf(file).has(title)).map(({ title, file }) => `${file}: ${title}`);
}

const deviations = rowsOf(/^[A-Z]\d+$/);
const inferred = rowsOf(/^[A-F]\.\d+(, \d+)?$/);
const files = rowsOf(/^\[[\w-]+\]\([\w-]+\.test\.ts\)$/);
const codes = rowsOf(/^\d{3,5}$/);

describe('the page of deviations', () => {
  it('says of each what Confluent does, what happens here, and why', () => {
    expect(deviations.length).toBeGreaterThan(40);
    expect(deviations.filter((cells) => cells.length !== 5 || cells.includes(''))).toEqual([]);
  });

  it('gives each an id of its own', () => {
    const ids = deviations.map(([id]) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('names at least one test for each, and each of them exists', () => {
    const links = deviations.map((cells) => linksIn(cells[4] ?? ''));
    expect(links.filter((row) => row.length === 0)).toEqual([]);
    expect(missingTests(links.flat())).toEqual([]);
  });

  it('would miss a test that was renamed', () => {
    expect(missingTests([{ title: 'no test has this title', file: 'reads.test.ts' }])).toHaveLength(1);
  });
});

describe('the table of what was inferred', () => {
  it('says of each what is not certain and what happens here', () => {
    expect(inferred.length).toBeGreaterThan(15);
    expect(inferred.filter((cells) => cells.length !== 4 || cells.includes(''))).toEqual([]);
  });

  it('names at least one test for each, and each of them exists', () => {
    const links = inferred.map((cells) => linksIn(cells[3] ?? ''));
    expect(links.filter((row) => row.length === 0)).toEqual([]);
    expect(missingTests(links.flat())).toEqual([]);
  });

  it('refers to deviations that are on the page', () => {
    const ids = new Set(deviations.map(([id]) => id));
    const named = inferred.flatMap((cells) => cells[2]?.match(/\b[A-Z]\d+\b/g) ?? []);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((id) => !ids.has(id))).toEqual([]);
  });
});

describe('the table of files', () => {
  it('has each file of tests in this folder, but for the one that checks the page', () => {
    const here = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.ts'));
    const named = files.map(([cell = '']) => /\((.+)\)/.exec(cell)?.[1] ?? '');
    expect(named.toSorted()).toEqual(here.filter((name) => name !== 'deviations.test.ts').toSorted());
  });
});

describe('the table of error codes', () => {
  it('has every code of the registry, once', () => {
    const registered = new Set(Object.values(errorKinds).map((kind) => kind.code));
    expect(codes.map(([code]) => Number(code)).toSorted((a, b) => a - b)).toEqual(
      [...registered].toSorted((a, b) => a - b),
    );
  });

  it('names a test that exists for each, or says why there is none', () => {
    const links = codes.map(([, cell = '']) => linksIn(cell));
    const unexplained = codes.filter(([, cell = ''], index) => links[index]?.length === 0 && !/^none: \w/.test(cell));
    expect(unexplained).toEqual([]);
    expect(missingTests(links.flat())).toEqual([]);
  });

  it('has a test for each code that a route declares, and no route declares one that nobody can meet', () => {
    const names = new Set([...commonErrors, ...clusterErrors, ...routes.flatMap(({ errors }) => errors)]);
    const declared = new Set([...names].map((name) => errorKinds[name].code));
    // No route has it: it says that there is none for this method.
    const beforeRouting = [405];
    const met = codes.filter(
      ([, cell = '']) => !/^none: (?!it would be a bug)|\((management listener|between nodes)\)$/.test(cell),
    );
    expect(met.map(([code]) => Number(code)).filter((code) => !beforeRouting.includes(code))).toEqual(
      [...declared].toSorted((a, b) => a - b),
    );
  });
});
