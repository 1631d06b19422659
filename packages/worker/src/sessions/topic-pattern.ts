import { ApiError } from '@sluice/protocol';
import { RE2JS, RE2JSSyntaxException } from 're2js';

/** A topic pattern of a subscription: matched against whole names, as Java's `Pattern.matches` does. */
export interface TopicPattern {
  readonly text: string;
  matches(topic: string): boolean;
  /**
   * Those of the topics that match. Others get their turn meanwhile.
   * @throws ApiError 422 when it takes more time than a pattern may have
   */
  among(topics: readonly string[]): Promise<string[]>;
}

const PATTERN_CHARACTERS_MAX = 1000;
/**
 * A dozen characters, such as `(\pL?){900}`, can become thousands of instructions, each tried at each character of each
 * topic: with a thousand topics that stopped the process for minutes. A pattern written out in full has one a character.
 */
const INSTRUCTIONS_MAX = 1500;
/** How long names are matched before others get their turn. */
const SLICE_MS = 5;
/** How long one pattern may take for all topics. */
const BUDGET_MS = 2000;

function tooExpensive(): ApiError {
  return new ApiError('unprocessable', { message: 'topic_pattern takes too long to match; it repeats too much.' });
}

async function filterInTurns(topics: readonly string[], matches: (topic: string) => boolean): Promise<string[]> {
  const matching: string[] = [];
  let spentMs = 0;
  let sliceFrom = performance.now();
  for (const topic of topics) {
    if (matches(topic)) matching.push(topic);
    const sliceMs = performance.now() - sliceFrom;
    if (sliceMs < SLICE_MS) continue;
    spentMs += sliceMs;
    if (spentMs > BUDGET_MS) throw tooExpensive();
    await new Promise((resolve) => setImmediate(resolve));
    sliceFrom = performance.now();
  }
  return matching;
}

/**
 * Compiles a pattern in time linear to its length, and matches in linear time as well: the pattern comes from a
 * client, and with JavaScript's own engine `(a+)+$` would stop the whole process.
 * @throws ApiError 422 with the reason and the place
 */
export function compileTopicPattern(text: string): TopicPattern {
  if (text.length > PATTERN_CHARACTERS_MAX) {
    throw new ApiError('unprocessable', {
      message: `topic_pattern is longer than ${PATTERN_CHARACTERS_MAX} characters.`,
    });
  }
  try {
    const compiled = RE2JS.compile(text);
    if (compiled.programSize() > INSTRUCTIONS_MAX) throw tooExpensive();
    const matches = (topic: string): boolean => compiled.matches(topic);
    return { text, matches, among: (topics) => filterInTurns(topics, matches) };
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw new ApiError('unprocessable', {
      message: `topic_pattern is not a valid regular expression (RE2 syntax): ${error.message}`,
      cause: error,
    });
  }
}
