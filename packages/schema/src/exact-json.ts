import { JsonScanner } from '@sluice/protocol';

/** JSON, with integers that a double cannot hold as bigints. */
export type ExactJson = null | boolean | number | bigint | string | ExactJson[] | { [name: string]: ExactJson };

/** Sixteen digits in a row, where a number may begin: there may be an integer beyond 2^53. Ids in strings are as long. */
const LONG_NUMBER = /(?:^|[[:,\s])-?\d{16}/;
const INTEGER = /^-?\d+$/;
/** Far more than any type of integer has. Beyond it a number is out of range whatever its digits are. */
const INTEGER_CHARS_MAX = 64;

/**
 * @param json one well-formed value in UTF-8
 * @param depthMax how deep it may nest: its reader has checked that already
 */
export function parseExactJson(json: Buffer, depthMax: number): ExactJson {
  const text = json.toString('utf8');
  if (!LONG_NUMBER.test(text)) return JSON.parse(text) as ExactJson;
  return valueAt(new JsonScanner(json, depthMax));
}

function valueAt(scanner: JsonScanner): ExactJson {
  const kind = scanner.nextKind();
  if (kind === 'object') return objectAt(scanner);
  if (kind !== 'array') return scalarAt(scanner);
  const items: ExactJson[] = [];
  for (let more = scanner.enterArray(); more; more = scanner.nextElement()) items.push(valueAt(scanner));
  return items;
}

function objectAt(scanner: JsonScanner): ExactJson {
  const members: [string, ExactJson][] = [];
  for (let more = scanner.enterObject(); more; more = scanner.nextField()) {
    members.push([scanner.keyName(), valueAt(scanner)]);
  }
  // Defines what it is given, `__proto__` too; the last of equal names wins.
  return Object.fromEntries(members);
}

function scalarAt(scanner: JsonScanner): ExactJson {
  scanner.scanValue();
  const text = scanner.body.toString('utf8', scanner.start, scanner.end);
  const isInteger = scanner.kind === 'number' && text.length <= INTEGER_CHARS_MAX && INTEGER.test(text);
  const value = JSON.parse(text) as ExactJson;
  return isInteger && !Number.isSafeInteger(value) ? BigInt(text) : value;
}
