import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Tests run on the sources: the packages' own export condition, so that no run needs a build first. */
const conditions = ['@sluice/source'];

function foldersOf(parent: string): string[] {
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/**
 * Spelt out for each project in place of `extends: true`, which would hand down the globalSetup too: a desk for
 * brokers in each project where one for the whole run is meant.
 */
function project(name: string, root: string, include: string) {
  return {
    root,
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: { name, include: [include], pool: 'forks' as const, testTimeout: 20_000, hookTimeout: 30_000 },
  };
}

const packages = foldersOf('packages').filter((name) => existsSync(`packages/${name}/package.json`));
/** Each folder of `test` that holds tests is a project of its own: integration, e2e, faults … */
const suites = foldersOf('test').filter((name) => name !== 'harness');

export default defineConfig({
  test: {
    maxWorkers: 2,
    passWithNoTests: true,
    globalSetup: './test/harness/broker-setup.ts',
    reporters: ['default', './scripts/totals-reporter.ts'],
    projects: [
      ...packages.map((name) => project(name, `packages/${name}`, 'test/**/*.test.ts')),
      ...suites.map((name) => project(name, `test/${name}`, '**/*.test.ts')),
    ],
  },
});
