import { doubleText } from '../double-text.ts';

const TWO_TO_32 = 2 ** 32;
/** In the higher half of a 64-bit number: below it a double holds the whole exactly. */
const SAFE_HIGH = 2 ** 21;

/** Every float has this many digits that matter, but those near zero. */
const FLOAT_DIGITS_MIN = 6;
const SUBNORMAL_DIGITS_MIN = 2;
const FLOAT_NORMAL_MIN = 2 ** -126;
/** A float that lies between two shorter decimals, just in the middle, has no smaller parts. */
const HALF_PARTS = 2 ** 10;

/**
 * A float as Java's `Float.toString` prints it: with the fewest digits that mean it and no other.
 * @param value that a float holds exactly
 * @returns JSON: what is no number to JSON stands in quotes
 */
export function floatText(value: number): string {
  const size = Math.abs(value);
  // The double next to a float is written the same where six digits hold it exactly: 1.25, 42.
  if (!Number.isFinite(value) || (size < 100 && Number.isInteger(value * 10_000))) return doubleText(value);
  let digits = size < FLOAT_NORMAL_MIN ? SUBNORMAL_DIGITS_MIN : FLOAT_DIGITS_MIN;
  let shorter = Number(value.toPrecision(digits));
  while (Math.fround(shorter) !== value) shorter = Number(value.toPrecision(++digits));
  return doubleText(
    shorter !== value && Number.isInteger(value * HALF_PARTS) ? evenTie(value, shorter, digits) : shorter,
  );
}

/** Of two decimals that are as near, Java takes the even one, and `toPrecision` the one that is farther from zero. */
function evenTie(value: number, shorter: number, digits: number): number {
  const longer = value.toPrecision(digits + 1);
  const [mantissa, exponent] = longer.split('e') as [string, string?];
  if (!mantissa.endsWith('5') || Number(longer) !== value) return shorter;
  const text = mantissa.slice(0, -1);
  const cutOff = Number(exponent === undefined ? text : `${text}e${exponent}`);
  return /[02468]\.?$/.test(text) && Math.fround(cutOff) === value ? cutOff : shorter;
}

/** @param low and `high`: the halves of a signed number, as signed integers */
export function int64Text(low: number, high: number): string {
  if (high >= -SAFE_HIGH && high < SAFE_HIGH) return String(high * TWO_TO_32 + (low >>> 0));
  return String((BigInt(high) << 32n) | BigInt(low >>> 0));
}

/** @param low and `high`: the halves of an unsigned number, as signed integers */
export function uint64Text(low: number, high: number): string {
  if (high >= 0 && high < SAFE_HIGH) return String(high * TWO_TO_32 + (low >>> 0));
  return String((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
}
