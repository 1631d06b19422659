/** What a registry calls the kinds of schemas. */
export type SchemaType = 'AVRO' | 'JSON' | 'PROTOBUF';

/** A schema in the registry that another one refers to. */
export interface SchemaReference {
  /** What it is called where it is referred to: a full name (Avro), a URI (JSON Schema), an import (Protobuf). */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema's text with all that is needed to understand it. */
export interface SchemaSource {
  readonly type: SchemaType;
  readonly text: string;
  /** As they are told to the registry. */
  readonly references: readonly SchemaReference[];
  /** The texts of all that it refers to, directly or not; one that others need stands before them. */
  readonly dependencies: readonly SchemaDependency[];
}

export interface SchemaDependency {
  /** Of the reference that led to it. */
  readonly name: string;
  readonly text: string;
}

/** One schema, ready to be used. */
export interface SchemaCodec {
  readonly type: SchemaType;
  /** The schema as it is registered, and as error messages quote it. */
  readonly text: string;
  /** Memory that it takes beside what the length of its text tells, in bytes. */
  readonly extraBytes?: number;
  /** The full name of what it describes, for the strategies that make subjects of it; undefined for what has none. */
  readonly recordName: string | undefined;
  /**
   * @param json one JSON value other than null, well-formed and in UTF-8
   * @param id of the schema in the registry
   * @returns the bytes of a key or value for Kafka: magic byte, id, payload (contract E.1)
   * @throws DataMismatch when the value does not fit the schema
   */
  encode(json: Buffer, id: number): Buffer;
  /** Absent where the payload is JSON as it is: see `DecodingCodec`. */
  decode?(data: Buffer): string;
}

/** One whose payload is not JSON already. */
export interface DecodingCodec extends SchemaCodec {
  /**
   * @param data the bytes of a key or value from Kafka, framed
   * @returns JSON
   * @throws PayloadError when they are not what the schema says
   */
  decode(data: Buffer): string;
}
