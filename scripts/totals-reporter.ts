import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What a run came to. A file that does not load and an error outside of any test count as failed. */
function totalsOf(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Totals {
  const count = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
  for (const module of modules) {
    let failedInside = 0;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      count[state] += 1;
      if (state === 'failed') failedInside += 1;
    }
    if (module.state() === 'failed' && failedInside === 0) count.failed += 1;
  }
  // A test that never ended (the run was cut short) is no test that passed.
  return { passed: count.passed, failed: count.failed + count.pending, skipped: count.skipped };
}

/**
 * Ends a run with one line that a machine can read. With `SLUICE_TEST_TOTALS` set the counts go to that file as
 * JSON instead, for `scripts/test` adds its gates to them and prints the line itself.
 */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const totals = totalsOf(modules, unhandled);
    const file = process.env['SLUICE_TEST_TOTALS'];
    if (file !== undefined && file !== '') {
      writeFileSync(file, JSON.stringify(totals));
      return;
    }
    const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
    process.stdout.write(`tests: ${totals.passed} passed, ${totals.failed} failed${skipped}\n`);
  }
}
