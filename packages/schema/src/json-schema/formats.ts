import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import type { Dialect, Draft } from './dialect.ts';
import type { Json } from './json.ts';

/** A rule for strings that has a name. */
export interface Format {
  isKept(value: string): boolean;
  /** Of what it should have been, for the message. */
  readonly description: string;
}

const DATE_LENGTH = 10;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DAY_MINUTES = 24 * 60;
const FEBRUARY = 2;
const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (match === null) return false;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (month === FEBRUARY && isLeapYear ? 29 : (DAYS[month] ?? 0));
}

/** RFC 3339, with a leap second where UTC has one. */
function isTime(text: string): boolean {
  const match = TIME.exec(text);
  if (match === null) return false;
  const hours = Number(match[1]);
  const minutes = Number(match[2]);
  const seconds = Number(match[3]);
  const offsetHours = Number(match[5] ?? 0);
  const offsetMinutes = Number(match[6] ?? 0);
  if (hours > 23 || minutes > 59 || seconds > 60 || offsetHours > 23 || offsetMinutes > 59) return false;
  if (seconds < 60) return true;
  const offset = (offsetHours * 60 + offsetMinutes) * (match[4] === '-' ? -1 : 1);
  return (hours * 60 + minutes - offset + DAY_MINUTES) % DAY_MINUTES === DAY_MINUTES - 1;
}

function isDateTime(text: string): boolean {
  const separator = text[DATE_LENGTH];
  if (separator !== 'T' && separator !== 't') return false;
  return isDate(text.slice(0, DATE_LENGTH)) && isTime(text.slice(DATE_LENGTH + 1));
}

/** By a rule of ajv-formats: all those used take linear time. */
function byRule(name: keyof typeof fullFormats): (text: string) => boolean {
  const rule = fullFormats[name];
  if (rule instanceof RegExp) return (text) => rule.test(text);
  if (typeof rule === 'function') return rule;
  throw new Error(`${name} is not a rule for strings`);
}

const isAsciiHostname = byRule('hostname');

const HOSTNAME_CHARACTERS_MAX = 254;
const SPACE = /[\s\p{Cc}]/u;

/** Names in other scripts are hostnames for Confluent's validator, too. */
function isHostname(text: string): boolean {
  if (text.length > HOSTNAME_CHARACTERS_MAX) return false;
  return isAsciiHostname(text) || (!SPACE.test(text) && isAsciiHostname(domainToASCII(text)));
}

const LOCAL_PART =
  /^(?:[^\s\p{Cc}()<>@,;:\\".[\]]+|"(?:[^"\\]|\\.)*")(?:\.(?:[^\s\p{Cc}()<>@,;:\\".[\]]+|"(?:[^"\\]|\\.)*"))*$/u;
const LOCAL_PART_CHARACTERS_MAX = 64;

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1 || at > LOCAL_PART_CHARACTERS_MAX || !LOCAL_PART.test(text.slice(0, at))) return false;
  const domain = text.slice(at + 1);
  if (domain.startsWith('[') && domain.endsWith(']')) {
    const address = domain.slice(1, -1);
    return isIPv4(address) || (address.startsWith('IPv6:') && isIPv6(address.slice('IPv6:'.length)));
  }
  return domain.includes('.') && isHostname(domain);
}

function isRegularExpression(text: string): boolean {
  try {
    // Only parsed: V8 compiles it when it is first used.
    return RegExp(text) !== undefined;
  } catch {
    return false;
  }
}

const BEYOND_ASCII = /[^\0-\x7f]/gu;

/** Java takes characters beyond ASCII for parts of a URI as they are, space aside. */
function byUriRule(name: 'uri' | 'uri-reference'): (text: string) => boolean {
  const isKept = byRule(name);
  return (text) => isKept(text) || (!SPACE.test(text) && isKept(text.replace(BEYOND_ASCII, 'x')));
}

const isUri = byUriRule('uri');
const isUriReference = byUriRule('uri-reference');
const TIMES = 'HH:mm:ssZ, HH:mm:ss.[0-9]{1,9}Z, HH:mm:ss[+-]HH:mm, HH:mm:ss.[0-9]{1,9}[+-]HH:mm';
const DATE_TIMES = TIMES.replaceAll('HH:mm:ss', "yyyy-MM-dd'T'HH:mm:ss");

const draft4: Record<string, Format> = {
  'date-time': { isKept: isDateTime, description: `date-time. Expected [${DATE_TIMES}]` },
  email: { isKept: isEmail, description: 'email address' },
  hostname: { isKept: isHostname, description: 'hostname' },
  ipv4: { isKept: isIPv4, description: 'ipv4 address' },
  // Node takes a zone (`%eth0`) for a part of the address.
  ipv6: { isKept: (text) => isIPv6(text) && !text.includes('%'), description: 'ipv6 address' },
  uri: { isKept: isUriReference, description: 'URI' },
};

const draft6: Record<string, Format> = {
  ...draft4,
  'json-pointer': { isKept: byRule('json-pointer'), description: 'JSON pointer' },
  uri: { isKept: (text) => isUri(text) || (text.startsWith('//') && isUriReference(text)), description: 'URI' },
  'uri-reference': { isKept: isUriReference, description: 'URI reference' },
  'uri-template': { isKept: byRule('uri-template'), description: 'URI template' },
};

const draft7: Record<string, Format> = {
  ...draft6,
  date: { isKept: isDate, description: 'date. Expected [yyyy-MM-dd]' },
  regex: { isKept: isRegularExpression, description: 'regular expression' },
  'relative-json-pointer': { isKept: byRule('relative-json-pointer'), description: 'relative JSON Pointer' },
  time: { isKept: isTime, description: `time. Expected [${TIMES}]` },
  uri: { isKept: isUri, description: 'URI' },
};

const formats: Partial<Record<Draft, Record<string, Format>>> = { 4: draft4, 6: draft6, 7: draft7 };

/** @returns undefined for what is not asserted: a format that Confluent's validator does not know, or a later draft */
export function formatOf(name: Json | undefined, { draft }: Dialect): Format | undefined {
  const known = formats[draft];
  return typeof name === 'string' && known !== undefined && Object.hasOwn(known, name) ? known[name] : undefined;
}
