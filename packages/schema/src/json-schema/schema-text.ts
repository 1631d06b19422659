import { JsonScanner, JsonSyntaxError } from '@sluice/protocol';
import { InvalidSchema } from '../schema-errors.ts';
import type { Json } from './json.ts';

/** Of one document. A registry keeps each in a record of Kafka, which holds no more by default. */
const CHARACTERS_MAX = 1024 * 1024;
/** How deep the text of a schema may nest. Two levels are one of a value. */
const DEPTH_MAX = 500;

const STRING_OR_SPACE = /"[^"\\]*(?:\\.[^"\\]*)*"|[ \t\n\r]+/g;

/**
 * @param name how the message calls it
 * @throws InvalidSchema when it is not JSON, too long or too deep
 */
export function parseSchemaText(text: string, name: string): Json {
  if (text.length > CHARACTERS_MAX) throw new InvalidSchema(`${name}: longer than ${CHARACTERS_MAX} characters`);
  try {
    const scanner = new JsonScanner(Buffer.from(text), DEPTH_MAX);
    scanner.scanValue();
    scanner.expectEnd();
    return JSON.parse(text) as Json;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError || error instanceof SyntaxError)) throw error;
    throw new InvalidSchema(`${name}: ${error.message}`, { cause: error });
  }
}

/**
 * The text without the white space between its tokens, as Confluent's converter registers it: numbers and the order of
 * names are kept.
 * @param text JSON
 */
export function compactText(text: string): string {
  return text.replace(STRING_OR_SPACE, (token) => (token.startsWith('"') ? token : ''));
}
