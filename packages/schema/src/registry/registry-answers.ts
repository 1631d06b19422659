import type { SchemaReference, SchemaType } from '../codec.ts';
import { RegistryError, unreadable } from './registry-errors.ts';

/** What is registered under an id. */
export interface RegistrySchema {
  readonly type: SchemaType;
  readonly text: string;
  readonly references: readonly SchemaReference[];
}

/** What is registered under a version of a subject. */
export interface SubjectVersion extends RegistrySchema {
  readonly id: number;
  readonly version: number;
}

/** What came back over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

type Members = Readonly<Record<string, unknown>>;

const INT32_MAX = 0x7fff_ffff;
/** Far more than a registry says; the texts of incompatible schemas stand in it. */
const MESSAGE_MAX_CHARS = 16_384;
const TYPES: ReadonlySet<unknown> = new Set<SchemaType>(['AVRO', 'JSON', 'PROTOBUF']);

/** @throws RegistryError, as do all readers of answers: whoever answers need not be a registry */
export function readSchema(answer: HttpAnswer): RegistrySchema {
  return schemaOf(answer, membersOf(answer), 'AVRO');
}

/** @param untyped what a schema is taken for whose type is not told: Apicurio tells none when it is looked up */
export function readSubjectVersion(answer: HttpAnswer, untyped: SchemaType = 'AVRO'): SubjectVersion {
  const members = membersOf(answer);
  const id = integerOf(answer, members, 'id');
  const version = integerOf(answer, members, 'version');
  return { ...schemaOf(answer, members, untyped), id, version };
}

export function readId(answer: HttpAnswer): number {
  return integerOf(answer, membersOf(answer), 'id');
}

/**
 * What an answer other than 2xx says. Confluent's client repeats a body that it can't read; this one doesn't, for a
 * gateway's error page may show the request with its credentials.
 * @param authorization what the request was sent with: not repeated, whoever does
 */
export function errorOf({ status, body }: HttpAnswer, authorization: string | undefined): RegistryError {
  if (status >= 300 && status < 400) return unreadable(status, `a redirect (${status}), which is not followed`);
  const members = parse(body);
  const message = members?.['message'];
  if (typeof message !== 'string') return unreadable(status, `status ${status} without an error message`);
  const code = members?.['error_code'];
  return new RegistryError(status, isInt32(code) ? code : status, printable(message, authorization));
}

function printable(message: string, authorization: string | undefined): string {
  const secret = authorization?.slice(authorization.indexOf(' ') + 1) ?? '';
  const text = secret === '' ? message : message.replaceAll(secret, '[hidden]');
  return text.length > MESSAGE_MAX_CHARS ? `${text.slice(0, MESSAGE_MAX_CHARS)}…` : text;
}

function membersOf(answer: HttpAnswer): Members {
  const members = parse(answer.body);
  if (members === undefined) throw unreadable(answer.status, 'it is no JSON object');
  return members;
}

function parse(body: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function schemaOf({ status }: HttpAnswer, members: Members, untyped: SchemaType): RegistrySchema {
  const { schema, schemaType, references } = members;
  if (typeof schema !== 'string') throw unreadable(status, 'schema is no string');
  const type = schemaType ?? untyped;
  if (!isType(type)) throw unreadable(status, 'schemaType is none of AVRO, JSON, PROTOBUF');
  const list = references ?? [];
  if (!Array.isArray(list)) throw unreadable(status, 'references is no array');
  return { type, text: schema, references: list.map((reference: unknown) => referenceOf(status, reference)) };
}

function referenceOf(status: number, reference: unknown): SchemaReference {
  if (!isObject(reference)) throw unreadable(status, 'a reference is no object');
  const { name, subject, version } = reference;
  if (typeof name !== 'string' || typeof subject !== 'string' || !isInt32(version)) {
    throw unreadable(status, 'a reference lacks its name, subject or version');
  }
  return { name, subject, version };
}

function integerOf({ status }: HttpAnswer, members: Members, name: string): number {
  const value = members[name];
  if (!isInt32(value) || value < 0) throw unreadable(status, `${name} is no integer of 32 bits`);
  return value;
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isInt32(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= INT32_MAX;
}

function isType(value: unknown): value is SchemaType {
  return TYPES.has(value);
}
