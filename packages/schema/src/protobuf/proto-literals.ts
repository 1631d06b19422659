const BACKSLASH = 0x5c;
const OCTAL_DIGITS_MAX = 3;
const CODE_POINT_MAX = 0x10ffff;

const simpleEscapes = new Map([
  ['a', 0x07],
  ['b', 0x08],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
]);

/** How many hexadecimal digits stand behind an escape's letter. */
const hexEscapes = new Map([
  ['x', 2],
  ['X', 2],
  ['u', 4],
  ['U', 8],
]);

/**
 * @param text an integer of a .proto text: decimal, hexadecimal or octal, with a minus or not
 * @returns undefined for anything else
 */
export function integerLiteral(text: string): bigint | undefined {
  const isNegative = text.startsWith('-');
  const digits = isNegative ? text.slice(1) : text;
  let magnitude: bigint;
  if (/^0[0-7]+$/.test(digits)) magnitude = BigInt(`0o${digits.slice(1)}`);
  else if (/^(\d+|0[xX][0-9a-fA-F]+)$/.test(digits)) magnitude = BigInt(digits);
  else return undefined;
  return isNegative ? -magnitude : magnitude;
}

/** @param text a string of a .proto text without its quotes, or the escaped bytes of a descriptor */
export function unescaped(text: string): Buffer {
  if (!text.includes('\\')) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  for (let i = 0; i < text.length; ) {
    if (text.charCodeAt(i) === BACKSLASH) {
      const end = escapeEnd(text, i);
      parts.push(escapedBytes(text.slice(i + 1, end)));
      i = end;
    } else {
      const next = text.indexOf('\\', i);
      const end = next < 0 ? text.length : next;
      parts.push(Buffer.from(text.slice(i, end), 'utf8'));
      i = end;
    }
  }
  return Buffer.concat(parts);
}

/** @param start of the escape in the text */
function escapeEnd(text: string, start: number): number {
  const digits = hexEscapes.get(text.charAt(start + 1));
  let end = start + 2;
  if (digits !== undefined) {
    while (end < start + 2 + digits && /[0-9a-fA-F]/.test(text.charAt(end))) end++;
  } else if (/[0-7]/.test(text.charAt(start + 1))) {
    while (end < start + 1 + OCTAL_DIGITS_MAX && /[0-7]/.test(text.charAt(end))) end++;
  }
  return end;
}

/** @param escape without its backslash */
function escapedBytes(escape: string): Buffer {
  const letter = escape.charAt(0);
  const simple = simpleEscapes.get(letter);
  if (simple !== undefined) return Buffer.of(simple);
  if (/[0-7]/.test(letter)) return Buffer.of(Number.parseInt(escape, 8) & 0xff);
  if (!hexEscapes.has(letter)) return Buffer.from(escape, 'utf8');
  const code = Number.parseInt(escape.slice(1), 16);
  if (letter === 'x' || letter === 'X') return Buffer.of(code & 0xff);
  return Buffer.from(code <= CODE_POINT_MAX ? String.fromCodePoint(code) : '\ufffd', 'utf8');
}
