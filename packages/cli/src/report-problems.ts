import { ConfigError } from '@sluice/runtime';
import { CommandFailed } from './command-failed.ts';

/**
 * Runs a command; a configuration that cannot be used is told on standard error, all of it, and the exit code is 1.
 * So is a command that failed for a reason of its own. Other errors are bugs and keep their stack.
 */
export async function reportProblems(command: () => Promise<void> | void): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (error instanceof CommandFailed) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
      return;
    }
    if (!(error instanceof ConfigError)) throw error;
    const count = error.problems.length === 1 ? '1 problem' : `${error.problems.length} problems`;
    const indented = (texts: readonly string[]): string => texts.map((text) => `  ${text}\n`).join('');
    process.stderr.write(`The configuration cannot be used, ${count}:\n${indented(error.problems)}`);
    if (error.warnings.length > 0) process.stderr.write(`Worth a look, too:\n${indented(error.warnings)}`);
    process.exitCode = 1;
  }
}
