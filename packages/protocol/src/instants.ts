import * as z from 'zod';
import { ApiError } from './errors.ts';
import { quoteBriefly, wrongKind } from './json-coercion.ts';

const isoInstant: z.ZodType = z.iso.datetime({ offset: true });
const decimal = /^[+-]?\d+(?:\.\d*)?$/;

/** The last instant that a Date can hold: year 275760. */
const INSTANT_MS_MAX = 8.64e15;

function fromSeconds(seconds: number): number | undefined {
  // Through microseconds, so that binary fractions such as 1.001 do not lose their last millisecond.
  const ms = Math.trunc(Math.round(seconds * 1e6) / 1e3) + 0;
  return Math.abs(ms) <= INSTANT_MS_MAX ? ms : undefined;
}

function fromText(text: string): number | undefined {
  return parseInstant(text) ?? fromDecimal(text);
}

function fromDecimal(text: string): number | undefined {
  return decimal.test(text) ? fromSeconds(Number(text)) : undefined;
}

/** @returns epoch milliseconds of an ISO-8601 instant (`2020-01-01T00:00:00Z`), undefined for any other text */
export function parseInstant(text: string): number | undefined {
  return isoInstant.safeParse(text).success ? Date.parse(text) : undefined;
}

/**
 * A point in time as Jackson reads it: ISO-8601 with an offset (`2020-01-01T00:00:00Z`), or a number, in a string or
 * not, of epoch *seconds* with a fraction (contract A.9).
 * @param value as JSON.parse gives it
 * @returns epoch milliseconds, undefined when the value is null or empty
 * @throws ApiError badRequest
 */
export function coerceInstant(value: unknown): number | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') throw wrongKind('Instant', value);
  const ms = typeof value === 'number' ? fromSeconds(value) : fromText(value.trim());
  if (ms !== undefined) return ms;
  const quoted = quoteBriefly(String(value));
  throw new ApiError('badRequest', {
    message: `Cannot deserialize value of type \`Instant\` from "${quoted}": allowed is an ISO-8601 instant such as 2020-01-01T00:00:00Z, or epoch seconds`,
  });
}
