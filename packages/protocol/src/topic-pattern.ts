import { createContext, Script } from 'node:vm';
import { ApiError } from './errors.ts';
import { violation } from './request-entity.ts';

/**
 * Topic patterns of subscriptions. They are regular expressions from strangers: `(a+)+` against one long topic name
 * keeps a backtracking engine busy for years, so they are evaluated where a deadline can stop them.
 */

const PATTERN_CHARS_MAX = 1000;

/**
 * What a pattern may take for all topics together, attempt by attempt. Honest ones take microseconds, but the deadline
 * counts wall-clock time: on a loaded machine a process is put aside for longer than 50 ms now and then, and a single
 * attempt refused honest patterns. To fail, such a pause has to hit both, the second one in full.
 */
const ATTEMPTS_MS: readonly number[] = [50, 250];

interface JavaScriptPattern {
  source: string;
  flags: string;
}

/** Java's pattern in JavaScript: it has to match the whole name, and `(?i)` at its start becomes a flag. */
function translate(pattern: string): JavaScriptPattern {
  const isCaseless = pattern.startsWith('(?i)');
  return { source: `^(?:${isCaseless ? pattern.slice(4) : pattern})$`, flags: isCaseless ? 'i' : '' };
}

const evaluation: JavaScriptPattern & { topics: readonly string[] } = { source: '', flags: '', topics: [] };
const context = createContext(evaluation);
const script = new Script(
  '(() => { const regex = new RegExp(source, flags); return topics.filter((topic) => regex.test(topic)); })()',
);

/**
 * Refuses what is no regular expression.
 * @param path what the message calls the pattern
 * @throws ApiError unprocessable
 */
export function assertTopicPattern(pattern: string, path: string): void {
  if (pattern.length > PATTERN_CHARS_MAX) {
    throw violation(path, `size must be between 0 and ${PATTERN_CHARS_MAX}`, String(pattern.length));
  }
  const { source, flags } = translate(pattern);
  try {
    void new RegExp(source, flags);
  } catch {
    throw violation(path, 'must be a valid regular expression', pattern);
  }
}

function evaluate(pattern: string, topics: readonly string[], timeoutMs: number): string[] {
  Object.assign(evaluation, translate(pattern), { topics });
  try {
    return [...(script.runInContext(context, { timeout: timeoutMs }) as Iterable<string>)];
  } finally {
    evaluation.topics = [];
  }
}

/**
 * The topics whose whole name matches a pattern, in the order given.
 * @param pattern one that `assertTopicPattern` has let pass
 * @throws ApiError unprocessable after 300 ms in all, which only a pattern that backtracks without end takes
 */
export function matchTopics(pattern: string, topics: readonly string[]): string[] {
  let cause: unknown;
  for (const timeoutMs of ATTEMPTS_MS) {
    try {
      return evaluate(pattern, topics, timeoutMs);
    } catch (error) {
      cause = error;
    }
  }
  throw new ApiError('unprocessable', { message: 'The topic pattern takes too long to evaluate', cause });
}
