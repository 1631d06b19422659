/** What a document shows of a terminal: commands, each with what it prints. */
export interface ConsoleBlock {
  /** The word in the comment above the block, which says how it is tried; undefined without one. */
  readonly check: string | undefined;
  readonly commands: readonly ShownCommand[];
}

export interface ShownCommand {
  readonly command: string;
  /** Without surrounding white space. `…` stands for what differs from time to time. */
  readonly output: string;
}

const FENCE = /^( *)(?:<!-- checked: (\w+) -->\n *)?```console\n([^]*?)\n *```$/gm;
const PROMPT = '$ ';

function parseBlock(lines: readonly string[]): ShownCommand[] {
  const commands: { command: string; output: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith(PROMPT)) commands.push({ command: line.slice(PROMPT.length), output: [] });
    else commands.at(-1)?.output.push(line);
  }
  return commands.map(({ command, output }) => ({ command, output: output.join('\n').trim() }));
}

/** All console blocks of a Markdown text, in order. */
export function consoleBlocks(markdown: string): ConsoleBlock[] {
  return [...markdown.matchAll(FENCE)].map(([, indent = '', check, body = '']) => ({
    check,
    commands: parseBlock(body.split('\n').map((line) => line.slice(indent.length))),
  }));
}

/** An expression that what was really printed must match as a whole. */
export function outputPattern(shown: string): RegExp {
  const literal = shown.split('…').map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('.*')}$`, 'u');
}
