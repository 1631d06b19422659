/**
 * Decimal integers as Java's `Integer.valueOf` and `Long.valueOf` read them: an optional sign and ASCII digits.
 */

const INT32_MAX = 2_147_483_647;
const INT64_MAX = '9223372036854775807';
const INT64_MIN = '9223372036854775808';

/** Index of the first digit that counts, or -1 when `text` is not a decimal integer. */
function firstDigit(text: string): number {
  const sign = text.charCodeAt(0);
  const start = sign === 0x2b || sign === 0x2d ? 1 : 0;
  if (start === text.length) return -1;
  let first = -1;
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i);
    if (digit < 0x30 || digit > 0x39) return -1;
    if (first < 0 && digit !== 0x30) first = i;
  }
  return first < 0 ? text.length - 1 : first;
}

/** @returns the number, or undefined when `text` is not a decimal integer of 32 bits. */
export function parseInt32(text: string): number | undefined {
  const first = firstDigit(text);
  if (first < 0 || text.length - first > 10) return undefined;
  const value = Number(text);
  return value > INT32_MAX || value < -INT32_MAX - 1 ? undefined : value + 0;
}

/**
 * @returns the number, rounded to a double beyond 2^53; undefined when `text` is not a decimal integer of 64 bits.
 */
export function parseInt64(text: string): number | undefined {
  const first = firstDigit(text);
  if (first < 0) return undefined;
  const digits = text.length - first;
  const limit = text.charCodeAt(0) === 0x2d ? INT64_MIN : INT64_MAX;
  // Same length: digits compare as text does, and no double loses the last of them.
  if (digits > limit.length || (digits === limit.length && text.slice(first) > limit)) return undefined;
  return Number(text) + 0;
}
