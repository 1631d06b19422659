import type { FileDescriptor } from './file-descriptor.ts';
import { JsonPrinter } from './json-printer.ts';
import type { MessageType } from './message-type.ts';
import { parseProto } from './proto-parser.ts';
import { linkTypes } from './type-linker.ts';
import { WireReader } from './wire-reader.ts';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * What `FileDescriptor` wants of google/protobuf/descriptor.proto. In proto3, whose `optional` tells what is unset
 * from what is zero: it is then left out of the JSON.
 */
const DESCRIPTOR = `
  syntax = "proto3";
  message FileDescriptorProto {
    string package = 2; repeated string dependency = 3; repeated DescriptorProto message_type = 4;
    repeated EnumDescriptorProto enum_type = 5; Options options = 8; string syntax = 12;
  }
  message DescriptorProto {
    string name = 1; repeated FieldDescriptorProto field = 2; repeated DescriptorProto nested_type = 3;
    repeated EnumDescriptorProto enum_type = 4; MessageOptions options = 7; repeated OneofDescriptorProto oneof_decl = 8;
  }
  message FieldDescriptorProto {
    enum Type {
      TYPE_UNKNOWN = 0; TYPE_DOUBLE = 1; TYPE_FLOAT = 2; TYPE_INT64 = 3; TYPE_UINT64 = 4; TYPE_INT32 = 5;
      TYPE_FIXED64 = 6; TYPE_FIXED32 = 7; TYPE_BOOL = 8; TYPE_STRING = 9; TYPE_GROUP = 10; TYPE_MESSAGE = 11;
      TYPE_BYTES = 12; TYPE_UINT32 = 13; TYPE_ENUM = 14; TYPE_SFIXED32 = 15; TYPE_SFIXED64 = 16; TYPE_SINT32 = 17;
      TYPE_SINT64 = 18;
    }
    enum Label { LABEL_UNKNOWN = 0; LABEL_OPTIONAL = 1; LABEL_REQUIRED = 2; LABEL_REPEATED = 3; }
    string name = 1; int32 number = 3; optional Label label = 4; optional Type type = 5;
    optional string type_name = 6; optional string default_value = 7; FieldOptions options = 8;
    optional int32 oneof_index = 9; optional string json_name = 10; optional bool proto3_optional = 17;
  }
  message OneofDescriptorProto { string name = 1; OneofOptions options = 2; }
  message EnumDescriptorProto { string name = 1; repeated EnumValueDescriptorProto value = 2; EnumOptions options = 3; }
  message EnumValueDescriptorProto { string name = 1; int32 number = 2; }
  message Options { FeatureSet features = 50; }
  message MessageOptions { optional bool map_entry = 7; FeatureSet features = 12; }
  message FieldOptions { optional bool packed = 2; FeatureSet features = 21; }
  message OneofOptions { FeatureSet features = 1; }
  message EnumOptions { FeatureSet features = 7; }
  message FeatureSet {
    enum FieldPresence { FIELD_PRESENCE_UNKNOWN = 0; EXPLICIT = 1; IMPLICIT = 2; LEGACY_REQUIRED = 3; }
    enum EnumType { ENUM_TYPE_UNKNOWN = 0; OPEN = 1; CLOSED = 2; }
    enum RepeatedFieldEncoding { REPEATED_FIELD_ENCODING_UNKNOWN = 0; PACKED = 1; EXPANDED = 2; }
    enum Utf8Validation { UTF8_VALIDATION_UNKNOWN = 0; VERIFY = 2; NONE = 3; }
    enum MessageEncoding { MESSAGE_ENCODING_UNKNOWN = 0; LENGTH_PREFIXED = 1; DELIMITED = 2; }
    optional FieldPresence field_presence = 1; optional EnumType enum_type = 2;
    optional RepeatedFieldEncoding repeated_field_encoding = 3; optional Utf8Validation utf8_validation = 4;
    optional MessageEncoding message_encoding = 5;
  }`;

let linked: MessageType | undefined;

function descriptorType(): MessageType {
  linked ??= linkTypes([{ file: parseProto(DESCRIPTOR), isBundled: true }])[0] as MessageType;
  return linked;
}

/**
 * Reads a schema that is a serialised FileDescriptorProto in base64, as some clients register them.
 * @returns undefined when it is none, or has no message
 */
export function parseSerializedDescriptor(text: string): FileDescriptor | undefined {
  if (!BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  const type = descriptorType();
  const printer = new JsonPrinter();
  try {
    type.printContent(printer, new WireReader(bytes, 0, bytes.length), type);
  } catch {
    return undefined;
  }
  const file = JSON.parse(printer.take()) as FileDescriptor;
  return file.messageType.length > 0 ? file : undefined;
}
