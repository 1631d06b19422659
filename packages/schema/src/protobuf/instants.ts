/** Seconds and nanoseconds, as google.protobuf.Timestamp and Duration hold them. */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

const NANOS_PER_SECOND = 1_000_000_000;
const NANO_DIGITS = 9;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const TIMESTAMP_SECONDS_MIN = -62_135_596_800;
const TIMESTAMP_SECONDS_MAX = 253_402_300_799;
/** Ten thousand years. */
const DURATION_SECONDS_MAX = 315_576_000_000;

/** RFC 3339 with `T` and `Z` in capitals, as protobuf's JSON wants them. */
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,100}))?(Z|[+-]\d\d:\d\d)$/;
const DURATION = /^(-?)(\d{1,12})(?:\.(\d{0,100}))?s$/;

/** @returns undefined for what is none, or beyond the years 1 to 9999 */
export function parseTimestamp(text: string): Instant | undefined {
  const parts = TIMESTAMP.exec(text);
  if (parts === null) return undefined;
  const [, local = '', fraction = '', zone = ''] = parts;
  const ms = Date.parse(`${local}Z`);
  // Days that a month does not have, and the 24th hour, come out as another time.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, local.length) !== local) return undefined;
  const seconds = ms / 1000 - offsetSeconds(zone);
  return isTimestampSeconds(seconds) ? { seconds, nanos: nanosOf(fraction) } : undefined;
}

/** @returns undefined for what is none, or longer than ten thousand years */
export function parseDuration(text: string): Instant | undefined {
  const parts = DURATION.exec(text);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = ''] = parts;
  const seconds = Number(whole);
  const nanos = nanosOf(fraction);
  if (seconds > DURATION_SECONDS_MAX) return undefined;
  return sign === '' ? { seconds, nanos } : { seconds: -seconds, nanos: -nanos };
}

/** @returns undefined for what Timestamp cannot hold */
export function timestampText({ seconds, nanos }: Instant): string | undefined {
  if (!isTimestampSeconds(seconds) || nanos < 0 || nanos >= NANOS_PER_SECOND) return undefined;
  const [text] = new Date(seconds * 1000).toISOString().split('.') as [string];
  return `${text}${fractionText(nanos)}Z`;
}

/** @returns undefined for what Duration cannot hold */
export function durationText({ seconds, nanos }: Instant): string | undefined {
  const isInRange = Math.abs(seconds) <= DURATION_SECONDS_MAX && Math.abs(nanos) < NANOS_PER_SECOND;
  if (!isInRange || (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0)) return undefined;
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  return `${sign}${Math.abs(seconds)}${fractionText(Math.abs(nanos))}s`;
}

function isTimestampSeconds(seconds: number): boolean {
  return seconds >= TIMESTAMP_SECONDS_MIN && seconds <= TIMESTAMP_SECONDS_MAX;
}

function offsetSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const size = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))) * 60;
  return zone.startsWith('-') ? -size : size;
}

/** Digits beyond the nanoseconds are dropped. */
function nanosOf(fraction: string): number {
  return Number(fraction.slice(0, NANO_DIGITS).padEnd(NANO_DIGITS, '0'));
}

/** None, or three, six or nine digits. */
function fractionText(nanos: number): string {
  if (nanos === 0) return '';
  const digits = String(nanos).padStart(NANO_DIGITS, '0');
  if (digits.endsWith('000000')) return `.${digits.slice(0, 3)}`;
  return `.${digits.endsWith('000') ? digits.slice(0, 6) : digits}`;
}
