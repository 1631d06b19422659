/** A finite number as an integer times a power of ten. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** Of the shortest text that means the double: what stands in the JSON, unless that has more than 17 digits. */
function decimalOf(value: number): Decimal {
  const [mantissa = '', exponent = '0'] = `${value}`.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/**
 * Whether a value is an integer times `divisor`, reckoned in decimals as BigDecimal does: 19.99 is a multiple of 0.01,
 * which no division of doubles finds.
 * @param divisor not 0
 */
export function isMultiple(value: number, divisor: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  if (!Number.isFinite(value) || !Number.isFinite(divisor)) return value === 0;
  const dividend = decimalOf(value);
  const unit = decimalOf(divisor);
  const exponent = Math.min(dividend.exponent, unit.exponent);
  const scaled = ({ digits, exponent: own }: Decimal): bigint => digits * 10n ** BigInt(own - exponent);
  return scaled(dividend) % scaled(unit) === 0n;
}
