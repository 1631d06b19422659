/**
 * A parsed schema: the part of google/protobuf/descriptor.proto that says how data look, in its JSON form. What the
 * parser of texts and the reader of serialised descriptors both make.
 */
export interface FileDescriptor {
  readonly package: string;
  /** `proto2`, `proto3` or `editions`; empty means `proto2`. */
  readonly syntax: string;
  /** The names of the files it imports. */
  readonly dependency: readonly string[];
  readonly messageType: readonly MessageDescriptor[];
  readonly enumType: readonly EnumDescriptor[];
  readonly options?: Options | undefined;
}

export interface MessageDescriptor {
  readonly name: string;
  readonly field: readonly FieldDescriptor[];
  readonly nestedType: readonly MessageDescriptor[];
  readonly enumType: readonly EnumDescriptor[];
  readonly oneofDecl: readonly OneofDescriptor[];
  readonly options?: Options | undefined;
}

export type FieldLabel = 'LABEL_OPTIONAL' | 'LABEL_REQUIRED' | 'LABEL_REPEATED';

export interface FieldDescriptor {
  readonly name: string;
  readonly number: number;
  readonly label?: FieldLabel | undefined;
  /** `TYPE_INT32` and so on, or the number of one that is not known; unset where a text does not tell what it is. */
  readonly type?: string | number | undefined;
  /** Of a message or enum: absolute with a dot in front, else to be looked up from where the field stands. */
  readonly typeName?: string | undefined;
  readonly jsonName?: string | undefined;
  /** As the text has it: numbers and names as they are, strings unescaped, bytes still escaped. */
  readonly defaultValue?: string | undefined;
  /** In the message's `oneofDecl`. */
  readonly oneofIndex?: number | undefined;
  readonly proto3Optional?: boolean | undefined;
  readonly options?: Options | undefined;
}

export interface OneofDescriptor {
  readonly name: string;
  readonly options?: Options | undefined;
}

export interface EnumDescriptor {
  readonly name: string;
  readonly value: readonly EnumValueDescriptor[];
  readonly options?: Options | undefined;
}

export interface EnumValueDescriptor {
  readonly name: string;
  readonly number: number;
}

/** Those options that say how data look. */
export interface Options {
  readonly mapEntry?: boolean | undefined;
  readonly packed?: boolean | undefined;
  readonly features?: Partial<Features> | undefined;
}

/** How data look (editions, https://protobuf.dev/editions/features/). */
export interface Features {
  readonly fieldPresence: string;
  readonly enumType: string;
  readonly repeatedFieldEncoding: string;
  readonly utf8Validation: string;
  readonly messageEncoding: string;
}
