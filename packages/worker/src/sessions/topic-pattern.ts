import { ApiError } from '@sluice/protocol';
import { RE2JS, RE2JSSyntaxException } from 're2js';

/** A topic pattern of a subscription: matched against whole names, as Java's `Pattern.matches` does. */
export interface TopicPattern {
  readonly text: string;
  matches(topic: string): boolean;
}

const PATTERN_CHARACTERS_MAX = 1000;

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
    return { text, matches: (topic) => compiled.matches(topic) };
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw new ApiError('unprocessable', {
      message: `topic_pattern is not a valid regular expression (RE2 syntax): ${error.message}`,
      cause: error,
    });
  }
}
