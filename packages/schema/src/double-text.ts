/** From here on, and below its counterpart, Java writes a power of ten. */
const PLAIN_BELOW = 1e7;
const PLAIN_FROM = 1e-3;

/**
 * A double as Confluent's proxy prints it, which is what Java's `Double.toString` makes of it: `5.0`, `1.0E26`,
 * `9.999E-4` (observed (i) and (l)).
 * @returns JSON: what is no number to JSON stands in quotes
 */
export function doubleText(value: number): string {
  const size = Math.abs(value);
  if (size < PLAIN_BELOW) {
    if (Number.isInteger(value)) return Object.is(value, -0) ? '-0.0' : `${value}.0`;
    if (size >= PLAIN_FROM) return String(value);
  }
  if (!Number.isFinite(value)) return `"${value}"`;
  return powerText(value);
}

function powerText(value: number): string {
  const shortest = value.toExponential();
  // Java writes two digits at least, those that are nearest: 4.9E-324 where one digit would be 5e-324.
  const text = shortest.includes('.') ? shortest : value.toExponential(1);
  return text.replace('e+', 'E').replace('e', 'E');
}
