import { JsonScanner } from '@sluice/protocol';
import { doubleText } from '../double-text.ts';

/** What a schema's text says, with all that its canonical text needs: objects in order, numbers as Java prints them. */
export type SchemaJson = null | boolean | string | JsonNumber | readonly SchemaJson[] | SchemaObject;
export type SchemaObject = ReadonlyMap<string, SchemaJson>;

export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** How deep the JSON of a schema may nest. Parsing, compiling and printing recurse that often. */
const SCHEMA_DEPTH_MAX = 500;

const INTEGER = /^-?\d+$/;

/**
 * Comments, and the strings in which they are none. What never ends is taken to the end of the text: none of the three
 * fails once it has begun, so that a megabyte of quotes or slashes is still looked at once.
 */
const COMMENT_OR_STRING = /"(?:[^"\\]|\\[^]?)*(?:"|$)|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/g;

/**
 * @param text JSON, with comments as Avro's own parser takes them
 * @throws JsonSyntaxError
 */
export function parseSchemaJson(text: string): SchemaJson {
  const plain = text.includes('/') ? withoutComments(text) : text;
  const scanner = new JsonScanner(Buffer.from(plain), SCHEMA_DEPTH_MAX);
  const value = valueAt(scanner);
  scanner.expectEnd();
  return value;
}

/** Compact, as Jackson prints it. */
export function schemaJsonText(value: SchemaJson): string {
  if (value instanceof JsonNumber) return value.text;
  if (value instanceof Map) {
    const members = [...(value as SchemaObject)].map(([name, member]) => memberText(name, schemaJsonText(member)));
    return `{${members.join(',')}}`;
  }
  if (Array.isArray(value)) return `[${(value as readonly SchemaJson[]).map(schemaJsonText).join(',')}]`;
  return JSON.stringify(value);
}

/** @param value JSON */
export function memberText(name: string, value: string): string {
  return `${JSON.stringify(name)}:${value}`;
}

function withoutComments(text: string): string {
  return text.replace(COMMENT_OR_STRING, (found) => (found.startsWith('"') ? found : ' '));
}

function valueAt(scanner: JsonScanner): SchemaJson {
  const kind = scanner.nextKind();
  if (kind === 'object') {
    const members = new Map<string, SchemaJson>();
    for (let more = scanner.enterObject(); more; more = scanner.nextField()) {
      members.set(scanner.keyName(), valueAt(scanner));
    }
    return members;
  }
  if (kind === 'array') {
    const items: SchemaJson[] = [];
    for (let more = scanner.enterArray(); more; more = scanner.nextElement()) items.push(valueAt(scanner));
    return items;
  }
  return scalarAt(scanner);
}

function scalarAt(scanner: JsonScanner): SchemaJson {
  scanner.scanValue();
  const text = scanner.body.toString('utf8', scanner.start, scanner.end);
  if (scanner.kind !== 'number') return JSON.parse(text) as SchemaJson;
  if (INTEGER.test(text)) return new JsonNumber(text === '-0' ? '0' : text);
  return new JsonNumber(doubleText(Number(text)));
}
