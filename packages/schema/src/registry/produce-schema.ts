import type { SchemaCodec, SchemaType } from '../codec.ts';
import type { SubjectNameStrategy, TopicSide } from './subject-names.ts';

/** Where the schema of a side's records is to come from (contract E.2, v3 C.5). */
export type ProduceSchemaRequest = TopicSide & {
  /** In place of the one that the strategy makes. */
  readonly subject?: string | undefined;
  /** In place of the configured one. */
  readonly strategy?: SubjectNameStrategy | undefined;
} & (
    | { readonly text: string; readonly type: SchemaType }
    /** A schema of another type than the given one is refused. */
    | { readonly id: number; readonly type?: SchemaType | undefined }
    | { readonly version: number | 'latest'; readonly type?: SchemaType | undefined }
  );

/** A schema to encode with. */
export interface ProduceSchema {
  /** Goes in front of each record. */
  readonly id: number;
  readonly subject: string;
  readonly version: number;
  readonly codec: SchemaCodec;
}

/** Tells apart what differs, whatever characters a topic, subject or text holds. */
export function requestKey(request: ProduceSchemaRequest): string {
  const { topic, isKey, subject, strategy = '', type = '' } = request;
  const named = subject === undefined ? strategy : `${strategy}!${subject.length}:${subject}`;
  const side = `${type}${isKey ? '<' : '>'}${topic.length}:${topic}${named}`;
  if ('text' in request) return `${side}=${request.text}`;
  return 'id' in request ? `${side}#${request.id}` : `${side}@${request.version}`;
}

/** The formats' names in error messages. */
const FORMATS: Readonly<Record<SchemaType, string>> = { AVRO: 'AVRO', JSON: 'JSONSCHEMA', PROTOBUF: 'PROTOBUF' };

/** What is tried, in the words of contract E.2 and v3 C.5. */
export const attempts = {
  fetchById: (id: number): string => `Error when fetching schema by id. schemaId = ${id}`,
  fetchVersion: (subject: string, codec: SchemaCodec): string =>
    `Error when fetching schema version. subject = ${subject}, schema = ${codec.text}`,
  register: (subject: string, codec: SchemaCodec): string =>
    `Error when registering schema. format = ${FORMATS[codec.type]}, subject = ${subject}, schema = ${codec.text}`,
  /** Ours: Confluent's proxy always registers. */
  lookUp: (subject: string, codec: SchemaCodec): string =>
    `Error when looking up schema. format = ${FORMATS[codec.type]}, subject = ${subject}, schema = ${codec.text}`,
  fetchLatest: (subject: string): string => `Error when fetching latest schema version. subject = ${subject}`,
  fetchByVersion: (subject: string, version: number): string =>
    `Schema does not exist for subject: ${subject}, version: ${version}`,
  parse: (type: SchemaType, text: string): string =>
    `Error when parsing raw schema. format = ${FORMATS[type]}, schema = ${text}`,
} as const;
