/** The configuration cannot be used. Carries every problem that was found, so that one start shows them all. */
export class ConfigError extends Error {
  /** One sentence each, naming the key, the value and what is allowed. */
  readonly problems: readonly string[];
  /** What would have been a warning at the start: a misspelt key explains the one that is missing. */
  readonly warnings: readonly string[];

  constructor(
    problems: readonly string[],
    options: { readonly warnings?: readonly string[]; readonly cause?: unknown } = {},
  ) {
    super(problems.join('\n'), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ConfigError';
    this.problems = problems;
    this.warnings = options.warnings ?? [];
  }
}
