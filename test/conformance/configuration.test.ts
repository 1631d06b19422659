import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { javaKeys, unusedJavaKeys } from '../../packages/kafka/src/client-keys.ts';
import { listSettings } from '../../packages/runtime/src/index.ts';
import { unusedKeys } from '../../packages/runtime/src/unused-keys.ts';
import { createAuthority } from '../harness/certificates.ts';
import { type Context, implementedKeys, keysWithoutEffect, refusedKeys } from './configuration-keys.ts';
import { configurationPage, type KeyFate } from './configuration-page.ts';
import { declaredDefaults, translatedKeys, unusedClientKeys } from './kafka-client-keys.ts';
import { changedSettings, differ, load, reasonsFor } from './loaded-keys.ts';

/** Contract D.1 to D.3: a file that was written for Confluent's proxy is understood here, key by key. */

const folder = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
const files: Record<string, string> = {};
beforeAll(async () => {
  const authority = await createAuthority(folder);
  const { pemFile, pkcs12File } = await authority.issue('server');
  const { trustStoreFile, storePassword } = authority;
  Object.assign(files, { pem: pemFile, keystore: pkcs12File, truststore: trustStoreFile, password: storePassword });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function filled(keys: Context): Context {
  const fill = (value: string): string => value.replaceAll(/\{(\w+)\}/g, (text, name: string) => files[name] ?? text);
  return Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, fill(value)]));
}

/** A start with a key and what must stand beside it, and one without the key. */
function withAndWithout(key: string, value: string, context: Context = {}) {
  const given = filled({ ...context, [key]: value });
  return { given: load(given), without: load(filled(context)) };
}

/** `*` stands for any name. */
const named = (key: string): string => key.replace('*', 'some.name');
const isAboutUnknown = (warning: string): boolean => /^unknown (?:client )?keys have no effect: /.test(warning);
const settings = new Map(listSettings().map((setting) => [setting.key, setting]));
const fates: KeyFate[] = [];

/** The start stops; one sentence names the key, its value (unless that may be secret), and what is allowed or wrong. */
function expectRefused(key: string, bad: string, context: Context): void {
  const problems = load(filled({ ...context, [key]: bad })).problems.filter((problem) =>
    problem.startsWith(`${key}: `),
  );
  expect(problems).toHaveLength(1);
  const [problem = ''] = problems;
  expect([`'${bad}' `, 'the value ', 'a value '].some((shown) => problem.includes(shown))).toBe(true);
  const setting = settings.get(key);
  const isOfForm = setting === undefined || setting.parse(bad) !== undefined;
  expect(problem).toMatch(
    isOfForm ? /(?:not allowed|allowed (?:is|are)|cannot be read|is neither|does not map)\b/ : /; allowed is ./,
  );
  if (!isOfForm) expect(problem).toContain(setting.allowed);
}

const implemented = implementedKeys.map(([key, theirs, good, bad, context = {}]) => {
  return { key, theirs, good, bad, context };
});

describe('a key that is implemented', () => {
  it.each(implemented)('$key', ({ key, theirs, good, bad, context }) => {
    const { given, without } = withAndWithout(key, good, context);
    expect([given.problems, given.warnings]).toEqual([[], []]);
    expect(differ(given, without)).toBe(true);
    const shown = given.configuration?.effective.find((setting) => setting.key === key);
    expect(shown?.source).toBe('command line');
    expect(['[hidden]', filled({ good })['good']]).toContain(shown?.value);
    fates.push({ key, theirs });
    if (bad !== undefined) expectRefused(key, bad, context);
    else expect(settings.get(key)?.allowed ?? 'any text').toMatch(/^(?:any text|a comma-separated list)$/);
  });
});

const translated = translatedKeys.map(([key, good, bad, context = {}]) => ({ key, good, bad, context }));
/** What a store is its file tells: these are checked, and change nothing. */
const typeOfStore = /^client\.ssl\.\w+\.type$/;

describe('a key that is translated', () => {
  it.each(translated)('$key', ({ key, good, bad, context }) => {
    const { given, without } = withAndWithout(key, good, context);
    expect(given.problems).toEqual([]);
    expect([...reasonsFor(key, given), ...given.warnings.filter(isAboutUnknown)]).toEqual([]);
    // Where the start stops without it, that it does not stop with it is the effect.
    const changes = without.problems.length === 0 ? changedSettings(without, given) : new Map<string, never>();
    if (without.problems.length === 0 && !typeOfStore.test(key)) expect(changes.size).toBeGreaterThan(0);
    fates.push({ key, changes });
    if (bad !== undefined) expectRefused(key, bad, context);
  });
});

const withoutEffect = [
  ...keysWithoutEffect.map(([key, theirs, value]) => [key, value, theirs] as const),
  ...unusedClientKeys.map(([key, value]) => [key, value, undefined] as const),
];
describe('a key without effect', () => {
  it.each(withoutEffect)('%s', (key, value, theirs) => {
    const { given, without } = withAndWithout(named(key), value);
    expect(given.problems).toEqual([]);
    expect(changedSettings(without, given).size).toBe(0);
    const [reason = ''] = reasonsFor(named(key), given);
    expect(given.warnings).toEqual([`${named(key)} has no effect: ${reason}`]);
    fates.push({ key, theirs, reason });
  });
});

describe('a key that asks for a protection which is not there', () => {
  it.each(refusedKeys)('%s', (key, theirs, value) => {
    const { problems } = load({ [key]: value });
    expect(problems).toEqual([expect.stringMatching(/ asks for what is not done here \(.+\); allowed is ./)]);
    expect(problems[0]).toContain(`${key}: '${value}' `);
    const [reason = ''] = reasonsFor(key, load({ [key]: theirs }));
    expect(reason).not.toBe('');
    fates.push({ key, theirs, reason, stops: value });
  });
});

const keys = [...implementedKeys, ...refusedKeys, ...keysWithoutEffect, ...translatedKeys, ...unusedClientKeys].map(
  ([key]) => key,
);

describe('the table', () => {
  it('has each key once', () => {
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it('has every key of Confluent that the server knows', () => {
    // Named as theirs are, `api.v1.enable` is ours.
    const theirs = [...settings.keys()].filter((key) => !key.startsWith('sluice.') && key !== 'api.v1.enable');
    expect(theirs.filter((key) => !keys.includes(key))).toEqual([]);
    const covers = (pattern: string): boolean =>
      keys.some((key) => key === pattern || key.startsWith(pattern.replace(/\*$/, '')));
    expect(unusedKeys.filter(({ key }) => !covers(key)).map(({ key }) => key)).toEqual([]);
  });

  it('has every key of Java clients that the server knows', () => {
    const names = new Set(keys.map((key) => key.replace(/^(?:client|producer|consumer|admin)\./, '')));
    expect([...Object.keys(javaKeys), ...Object.keys(unusedJavaKeys)].filter((name) => !names.has(name))).toEqual([]);
  });

  it('starts with all of its defaults, of which none is unknown', () => {
    const defaults = [...implementedKeys, ...refusedKeys, ...keysWithoutEffect].map(([key, theirs]) => [
      named(key),
      theirs,
    ]);
    const { problems, warnings } = load({
      ...Object.fromEntries(defaults),
      ...declaredDefaults,
      'bootstrap.servers': 'b:1',
    });
    expect(problems).toEqual([]);
    expect(warnings.filter(isAboutUnknown)).toEqual([]);
  });
});

it('keys that nobody knows are named in two warnings, those of clients in one of their own', () => {
  const misspelt = { listener: 'http://:1', 'host.nam': 'x', 'producer.ack': '1', 'client.secur.protocol': 'SSL' };
  expect(load(misspelt).warnings).toEqual([
    'unknown keys have no effect: host.nam, listener',
    'unknown client keys have no effect: client.secur.protocol, producer.ack',
  ]);
});

it('configuration.md shows what became of each key', async ({ skip }) => {
  // Of a part of the tests there would be a part of the page.
  if (fates.length < keys.length) skip();
  await expect(configurationPage(fates)).toMatchFileSnapshot('configuration.md');
});
