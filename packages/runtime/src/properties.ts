import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error.ts';

const continued = /(?:^|[^\\])(?:\\\\)*\\$/;
const namedEscapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

/**
 * Reads the text of a Java properties file: `#` and `!` comments, `=`, `:` or white space between key and value,
 * a backslash at the end of a line to go on, `\uXXXX` and the other escapes. Of a key given twice the last wins.
 * Source: java.util.Properties.load; the bytes are taken as UTF-8, which holds every file that Java wrote itself
 * (it escapes what is not ASCII) and those that people write by hand.
 *
 * @throws ConfigError when a `\u` is not followed by four hexadecimal digits, as Java does.
 */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  const problems: string[] = [];
  for (const { line, number } of logicalLines(text.replace(/^\uFEFF/, ''))) {
    const separator = findSeparator(line);
    const badEscape = /(?:^|[^\\])(?:\\\\)*\\u(?![0-9a-fA-F]{4})/.test(line);
    if (badEscape) {
      problems.push(`line ${number}: \\u must be followed by four hexadecimal digits`);
      continue;
    }
    properties.set(unescape(line.slice(0, separator.keyEnd)), unescape(line.slice(separator.valueStart)));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return properties;
}

/**
 * Reads a properties file.
 *
 * @throws ConfigError when the file cannot be read or is not a properties file.
 */
export function readPropertiesFile(path: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([`cannot read ${path}: ${(error as Error).message}`], { cause: error });
  }
  try {
    return parseProperties(text);
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(error.problems.map((problem) => `${path}, ${problem}`));
    throw error;
  }
}

function logicalLines(text: string): { line: string; number: number }[] {
  const lines: { line: string; number: number }[] = [];
  let open: { line: string; number: number } | undefined;
  for (const [index, natural] of text.split(/\r\n|[\r\n]/).entries()) {
    const content = natural.replace(/^[ \t\f]+/, '');
    // A comment cannot be continued, and a comment mark inside a continued line is text.
    if (open === undefined && (content === '' || content.startsWith('#') || content.startsWith('!'))) continue;
    const goesOn = continued.test(content);
    const part = goesOn ? content.slice(0, -1) : content;
    open = open === undefined ? { line: part, number: index + 1 } : { line: open.line + part, number: open.number };
    if (goesOn) continue;
    lines.push(open);
    open = undefined;
  }
  if (open !== undefined) lines.push(open);
  return lines;
}

function findSeparator(line: string): { keyEnd: number; valueStart: number } {
  let keyEnd = 0;
  while (keyEnd < line.length && !/[=: \t\f]/.test(line.charAt(keyEnd))) keyEnd += line.charAt(keyEnd) === '\\' ? 2 : 1;
  keyEnd = Math.min(keyEnd, line.length);
  const gap = /^[ \t\f]*[=:]?[ \t\f]*/.exec(line.slice(keyEnd))?.[0].length ?? 0;
  return { keyEnd, valueStart: keyEnd + gap };
}

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S])|$)/g, (_match, hex?: string, single?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return single === undefined ? '' : (namedEscapes[single] ?? single);
  });
}
