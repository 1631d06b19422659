/** The configuration cannot be used. Carries every problem that was found, so that one start shows them all. */
export class ConfigError extends Error {
  /** One sentence each, naming the key, the value and what is allowed. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options: { readonly cause?: unknown } = {}) {
    super(problems.join('\n'), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
