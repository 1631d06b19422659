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

const FENCE = /^( *)(?:<!-- checked: (\w+) -->\n *)?```(\w*)\n([^]*?)\n *```$/gm;
const PROMPT = '$ ';

function parseBlock(lines: readonly string[]): ShownCommand[] {
  const commands: { command: string; output: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith(PROMPT)) commands.push({ command: line.slice(PROMPT.length), output: [] });
    else commands.at(-1)?.output.push(line);
  }
  return commands.map(({ command, output }) => ({ command, output: output.join('\n').trim() }));
}

/** All blocks of a Markdown text that show a terminal, in order: by their name, or because something is typed there. */
export function consoleBlocks(markdown: string): ConsoleBlock[] {
  return [...markdown.matchAll(FENCE)].flatMap(([, indent = '', check, language, body = '']) => {
    const commands = parseBlock(body.split('\n').map((line) => line.slice(indent.length)));
    return language === 'console' || commands.length > 0 ? [{ check, commands }] : [];
  });
}

/** An expression that what was really printed must match as a whole. */
export function outputPattern(shown: string): RegExp {
  const literal = shown.split('…').map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('.*')}$`, 'u');
}
