/**
 * What Google's own implementation makes of some messages: protobuf 7.36 for Python, whose files protoc of
 * grpcio-tools 1.85 generated from the schemas here. `hex` is `SerializeToString(deterministic=True)`, `json` is
 * `MessageToJson(always_print_fields_with_no_presence=True)`.
 */

const all = `syntax = "proto3";
package t;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

message All {
  double a_double = 1;
  float a_float = 2;
  int32 an_int32 = 3;
  int64 an_int64 = 4;
  uint32 a_uint32 = 5;
  uint64 a_uint64 = 6;
  sint32 a_sint32 = 7;
  sint64 a_sint64 = 8;
  fixed32 a_fixed32 = 9;
  fixed64 a_fixed64 = 10;
  sfixed32 a_sfixed32 = 11;
  sfixed64 a_sfixed64 = 12;
  bool a_bool = 13;
  string a_string = 14;
  bytes some_bytes = 15;
  Color color = 16;
  Inner inner = 17;
  message Inner {
    int32 id = 1;
    repeated Inner children = 2;
    All all = 3;
  }
  repeated int32 numbers = 18;
  repeated sint64 unpacked = 19 [packed = false];
  repeated string texts = 20;
  repeated Color colors = 21;
  repeated double doubles = 22;
  map<string, int32> by_text = 23;
  map<int64, Inner> by_long = 24;
  map<bool, Color> by_bool = 25;
  map<sint32, bytes> by_sint = 26;
  oneof choice {
    int32 choice_number = 27;
    string choice_text = 28;
    Inner choice_inner = 29;
  }
  optional int32 maybe_number = 30;
  optional string maybe_text = 31;
  optional Color maybe_color = 32;
  google.protobuf.Timestamp at = 33;
  google.protobuf.Duration lasts = 34;
  google.protobuf.FieldMask mask = 35;
  google.protobuf.Struct struct = 36;
  google.protobuf.Value value = 37;
  google.protobuf.ListValue list = 38;
  google.protobuf.Any any = 39;
  google.protobuf.Empty empty = 40;
  google.protobuf.Int64Value long_value = 41;
  google.protobuf.BytesValue bytes_value = 42;
  google.protobuf.DoubleValue double_value = 43;
  google.protobuf.BoolValue bool_value = 44;
  repeated google.protobuf.StringValue string_values = 45;
  string renamed = 46 [json_name = "other-name"];
  int32 Odd__name_1 = 47;
  repeated bool flags = 48;
  repeated fixed64 fixeds = 49;
  map<string, google.protobuf.Value> values = 50;
  map<uint32, double> by_uint = 51;
  google.protobuf.UInt32Value u_value = 52;
  google.protobuf.FloatValue float_value = 53;
  repeated google.protobuf.Timestamp times = 54;
}

enum Color {
  RED = 0;
  GREEN = 1;
  BLUE = -3;
}`;

const two = `syntax = "proto2";
package t2;
message Two {
  optional int32 number = 1;
  optional string text = 2;
  required int32 id = 3;
  repeated int32 expanded = 4;
  repeated int32 run = 5 [packed = true];
  optional group Part = 6 { optional int32 x = 1; optional Part2 y = 2; }
  repeated group Line = 7 { required string z = 1; }
  optional Kind kind = 8;
  oneof pick { int32 one = 9; string two = 10; }
  map<string, Two> twos = 11;
  message Part2 { optional bytes b = 1; }
  extensions 100 to 199;
}
enum Kind { FIRST = 1; SECOND = 2; }`;

const ed = `edition = "2023";
package e;
option features.field_presence = IMPLICIT;
message Ed {
  int32 implicit = 1;
  int32 explicit = 2 [features.field_presence = EXPLICIT];
  Sub sub = 3 [features.message_encoding = DELIMITED];
  repeated int32 packed = 4;
  repeated int32 expanded = 5 [features.repeated_field_encoding = EXPANDED];
  repeated Sub subs = 6 [features.message_encoding = DELIMITED];
  Closed closed = 7 [features.field_presence = EXPLICIT];
  int32 must = 8 [features.field_presence = LEGACY_REQUIRED];
}
message Sub { string s = 1; }
enum Closed { option features.enum_type = CLOSED; ONE = 1; TWO = 2; }`;

export type SampleSchema = 'all' | 'two' | 'ed';

export const sampleSchemas: Readonly<Record<SampleSchema, string>> = { all, two, ed };

/** The same as serialised descriptors in base64, as `DESCRIPTOR.serialized_pb` has them. */
export const serializedSchemas: Readonly<Record<SampleSchema, string>> = {
  all: [
    'CgphbGwzLnByb3RvEgF0Ghlnb29nbGUvcHJvdG9idWYvYW55LnByb3RvGh5nb29nbGUvcHJvdG9idWYvZHVyYXRpb24ucHJvdG8a',
    'G2dvb2dsZS9wcm90b2J1Zi9lbXB0eS5wcm90bxogZ29vZ2xlL3Byb3RvYnVmL2ZpZWxkX21hc2sucHJvdG8aHGdvb2dsZS9wcm90',
    'b2J1Zi9zdHJ1Y3QucHJvdG8aH2dvb2dsZS9wcm90b2J1Zi90aW1lc3RhbXAucHJvdG8aHmdvb2dsZS9wcm90b2J1Zi93cmFwcGVy',
    'cy5wcm90byKhEAoDQWxsEhAKCGFfZG91YmxlGAEgASgBEg8KB2FfZmxvYXQYAiABKAISEAoIYW5faW50MzIYAyABKAUSEAoIYW5f',
    'aW50NjQYBCABKAMSEAoIYV91aW50MzIYBSABKA0SEAoIYV91aW50NjQYBiABKAQSEAoIYV9zaW50MzIYByABKBESEAoIYV9zaW50',
    'NjQYCCABKBISEQoJYV9maXhlZDMyGAkgASgHEhEKCWFfZml4ZWQ2NBgKIAEoBhISCgphX3NmaXhlZDMyGAsgASgPEhIKCmFfc2Zp',
    'eGVkNjQYDCABKBASDgoGYV9ib29sGA0gASgIEhAKCGFfc3RyaW5nGA4gASgJEhIKCnNvbWVfYnl0ZXMYDyABKAwSFwoFY29sb3IY',
    'ECABKA4yCC50LkNvbG9yEhsKBWlubmVyGBEgASgLMgwudC5BbGwuSW5uZXISDwoHbnVtYmVycxgSIAMoBRIUCgh1bnBhY2tlZBgT',
    'IAMoEkICEAASDQoFdGV4dHMYFCADKAkSGAoGY29sb3JzGBUgAygOMggudC5Db2xvchIPCgdkb3VibGVzGBYgAygBEiMKB2J5X3Rl',
    'eHQYFyADKAsyEi50LkFsbC5CeVRleHRFbnRyeRIjCgdieV9sb25nGBggAygLMhIudC5BbGwuQnlMb25nRW50cnkSIwoHYnlfYm9v',
    'bBgZIAMoCzISLnQuQWxsLkJ5Qm9vbEVudHJ5EiMKB2J5X3NpbnQYGiADKAsyEi50LkFsbC5CeVNpbnRFbnRyeRIXCg1jaG9pY2Vf',
    'bnVtYmVyGBsgASgFSAASFQoLY2hvaWNlX3RleHQYHCABKAlIABIkCgxjaG9pY2VfaW5uZXIYHSABKAsyDC50LkFsbC5Jbm5lckgA',
    'EhkKDG1heWJlX251bWJlchgeIAEoBUgBiAEBEhcKCm1heWJlX3RleHQYHyABKAlIAogBARIiCgttYXliZV9jb2xvchggIAEoDjII',
    'LnQuQ29sb3JIA4gBARImCgJhdBghIAEoCzIaLmdvb2dsZS5wcm90b2J1Zi5UaW1lc3RhbXASKAoFbGFzdHMYIiABKAsyGS5nb29n',
    'bGUucHJvdG9idWYuRHVyYXRpb24SKAoEbWFzaxgjIAEoCzIaLmdvb2dsZS5wcm90b2J1Zi5GaWVsZE1hc2sSJwoGc3RydWN0GCQg',
    'ASgLMhcuZ29vZ2xlLnByb3RvYnVmLlN0cnVjdBIlCgV2YWx1ZRglIAEoCzIWLmdvb2dsZS5wcm90b2J1Zi5WYWx1ZRIoCgRsaXN0',
    'GCYgASgLMhouZ29vZ2xlLnByb3RvYnVmLkxpc3RWYWx1ZRIhCgNhbnkYJyABKAsyFC5nb29nbGUucHJvdG9idWYuQW55EiUKBWVt',
    'cHR5GCggASgLMhYuZ29vZ2xlLnByb3RvYnVmLkVtcHR5Ei8KCmxvbmdfdmFsdWUYKSABKAsyGy5nb29nbGUucHJvdG9idWYuSW50',
    'NjRWYWx1ZRIwCgtieXRlc192YWx1ZRgqIAEoCzIbLmdvb2dsZS5wcm90b2J1Zi5CeXRlc1ZhbHVlEjIKDGRvdWJsZV92YWx1ZRgr',
    'IAEoCzIcLmdvb2dsZS5wcm90b2J1Zi5Eb3VibGVWYWx1ZRIuCgpib29sX3ZhbHVlGCwgASgLMhouZ29vZ2xlLnByb3RvYnVmLkJv',
    'b2xWYWx1ZRIzCg1zdHJpbmdfdmFsdWVzGC0gAygLMhwuZ29vZ2xlLnByb3RvYnVmLlN0cmluZ1ZhbHVlEhsKB3JlbmFtZWQYLiAB',
    'KAlSCm90aGVyLW5hbWUSEwoLT2RkX19uYW1lXzEYLyABKAUSDQoFZmxhZ3MYMCADKAgSDgoGZml4ZWRzGDEgAygGEiIKBnZhbHVl',
    'cxgyIAMoCzISLnQuQWxsLlZhbHVlc0VudHJ5EiMKB2J5X3VpbnQYMyADKAsyEi50LkFsbC5CeVVpbnRFbnRyeRItCgd1X3ZhbHVl',
    'GDQgASgLMhwuZ29vZ2xlLnByb3RvYnVmLlVJbnQzMlZhbHVlEjAKC2Zsb2F0X3ZhbHVlGDUgASgLMhsuZ29vZ2xlLnByb3RvYnVm',
    'LkZsb2F0VmFsdWUSKQoFdGltZXMYNiADKAsyGi5nb29nbGUucHJvdG9idWYuVGltZXN0YW1wGkgKBUlubmVyEgoKAmlkGAEgASgF',
    'Eh4KCGNoaWxkcmVuGAIgAygLMgwudC5BbGwuSW5uZXISEwoDYWxsGAMgASgLMgYudC5BbGwaLQoLQnlUZXh0RW50cnkSCwoDa2V5',
    'GAEgASgJEg0KBXZhbHVlGAIgASgFOgI4ARo7CgtCeUxvbmdFbnRyeRILCgNrZXkYASABKAMSGwoFdmFsdWUYAiABKAsyDC50LkFs',
    'bC5Jbm5lcjoCOAEaNwoLQnlCb29sRW50cnkSCwoDa2V5GAEgASgIEhcKBXZhbHVlGAIgASgOMggudC5Db2xvcjoCOAEaLQoLQnlT',
    'aW50RW50cnkSCwoDa2V5GAEgASgREg0KBXZhbHVlGAIgASgMOgI4ARpFCgtWYWx1ZXNFbnRyeRILCgNrZXkYASABKAkSJQoFdmFs',
    'dWUYAiABKAsyFi5nb29nbGUucHJvdG9idWYuVmFsdWU6AjgBGi0KC0J5VWludEVudHJ5EgsKA2tleRgBIAEoDRINCgV2YWx1ZRgC',
    'IAEoAToCOAFCCAoGY2hvaWNlQg8KDV9tYXliZV9udW1iZXJCDQoLX21heWJlX3RleHRCDgoMX21heWJlX2NvbG9yKi4KBUNvbG9y',
    'EgcKA1JFRBAAEgkKBUdSRUVOEAESEQoEQkxVRRD9//////////8BYgZwcm90bzM=',
  ].join(''),
  two: [
    'CgphbGwyLnByb3RvEgJ0MiL6AgoDVHdvEg4KBm51bWJlchgBIAEoBRIMCgR0ZXh0GAIgASgJEgoKAmlkGAMgAigFEhAKCGV4cGFu',
    'ZGVkGAQgAygFEg8KA3J1bhgFIAMoBUICEAESGgoEcGFydBgGIAEoCjIMLnQyLlR3by5QYXJ0EhoKBGxpbmUYByADKAoyDC50Mi5U',
    'd28uTGluZRIWCgRraW5kGAggASgOMggudDIuS2luZBINCgNvbmUYCSABKAVIABINCgN0d28YCiABKAlIABIfCgR0d29zGAsgAygL',
    'MhEudDIuVHdvLlR3b3NFbnRyeRorCgRQYXJ0EgkKAXgYASABKAUSGAoBeRgCIAEoCzINLnQyLlR3by5QYXJ0MhoRCgRMaW5lEgkK',
    'AXoYASACKAkaNAoJVHdvc0VudHJ5EgsKA2tleRgBIAEoCRIWCgV2YWx1ZRgCIAEoCzIHLnQyLlR3bzoCOAEaEgoFUGFydDISCQoB',
    'YhgBIAEoDCoFCGQQyAFCBgoEcGljayodCgRLaW5kEgkKBUZJUlNUEAESCgoGU0VDT05EEAI=',
  ].join(''),
  ed: [
    'CghlZC5wcm90bxIBZSLIAQoCRWQSEAoIaW1wbGljaXQYASABKAUSFwoIZXhwbGljaXQYAiABKAVCBaoBAggBEhoKA3N1YhgDIAEo',
    'CzIGLmUuU3ViQgWqAQIoAhIOCgZwYWNrZWQYBCADKAUSFwoIZXhwYW5kZWQYBSADKAVCBaoBAhgCEhsKBHN1YnMYBiADKAsyBi5l',
    'LlN1YkIFqgECKAISIAoGY2xvc2VkGAcgASgOMgkuZS5DbG9zZWRCBaoBAggBEhMKBG11c3QYCCABKAVCBaoBAggDIhAKA1N1YhIJ',
    'CgFzGAEgASgJKiAKBkNsb3NlZBIHCgNPTkUQARIHCgNUV08QAhoEOgIQAkIFkgMCCAJiCGVkaXRpb25zcOgH',
  ].join(''),
};

export interface Sample {
  readonly name: string;
  readonly schema: SampleSchema;
  readonly hex: string;
  readonly json: string;
}

export const samples: readonly Sample[] = [
  {
    name: 'an empty message',
    schema: 'all',
    hex: '',
    json: `{"aDouble": 0.0, "aFloat": 0.0, "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aBool": false, "aString": "", "someBytes": "", "color": "RED", "numbers": [], "unpacked": [], "texts": [], "colors": [], "doubles": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "stringValues": [], "other-name": "", "OddName1": 0, "flags": [], "fixeds": [], "values": {}, "byUint": {}, "times": []}`,
  },
  {
    name: 'the largest and smallest integers',
    schema: 'all',
    hex: '1880808080f8ffffffff01208080808080808080800128ffffffff0f30ffffffffffffffffff0138ffffffff0f40ffffffffffffffffff014dffffffff51ffffffffffffffff5d00000080610000000000000080',
    json: `{"anInt32": -2147483648, "anInt64": "-9223372036854775808", "aUint32": 4294967295, "aUint64": "18446744073709551615", "aSint32": -2147483648, "aSint64": "-9223372036854775808", "aFixed32": 4294967295, "aFixed64": "18446744073709551615", "aSfixed32": -2147483648, "aSfixed64": "-9223372036854775808", "aDouble": 0.0, "aFloat": 0.0, "aBool": false, "aString": "", "someBytes": "", "color": "RED", "numbers": [], "unpacked": [], "texts": [], "colors": [], "doubles": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "stringValues": [], "other-name": "", "OddName1": 0, "flags": [], "fixeds": [], "values": {}, "byUint": {}, "times": []}`,
  },
  {
    name: 'floating point',
    schema: 'all',
    hex: '0950efe2d6e41a4b4415ffff7f7fb2013000000000000000800100000000000000000000000000f87f000000000000f0ff9a9999999999b93f00000054346f9d41',
    json: `{"aDouble": 1e+21, "aFloat": 3.4028235e+38, "doubles": [-0.0, 5e-324, "NaN", "-Infinity", 0.1, 123456789.0], "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aBool": false, "aString": "", "someBytes": "", "color": "RED", "numbers": [], "unpacked": [], "texts": [], "colors": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "stringValues": [], "other-name": "", "OddName1": 0, "flags": [], "fixeds": [], "values": {}, "byUint": {}, "times": []}`,
  },
  {
    name: 'texts and bytes',
    schema: 'all',
    hex: '721161225c0a01c3a9e6bca2f09f9880e280a87a03fbff00a20100a201c8017878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878f2020172f80201',
    json: `{"aString": "a\\"\\\\\\n\\u0001é漢😀\u2028", "someBytes": "+/8A", "texts": ["", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"], "other-name": "r", "OddName1": 1, "aDouble": 0.0, "aFloat": 0.0, "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aBool": false, "color": "RED", "numbers": [], "unpacked": [], "colors": [], "doubles": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "stringValues": [], "flags": [], "fixeds": [], "values": {}, "byUint": {}, "times": []}`,
  },
  {
    name: 'enums, known and not, packed and not',
    schema: 'all',
    hex: '68018001fdffffffffffffffff0192010d00ffffffffffffffffff01ac029801019801808080808040aa010300010782030201008a031001000000000000000000000000000080',
    json: `{"aBool": true, "color": "BLUE", "numbers": [0, -1, 300], "unpacked": ["-1", "1099511627776"], "colors": ["RED", "GREEN", 7], "flags": [true, false], "fixeds": ["1", "9223372036854775808"], "aDouble": 0.0, "aFloat": 0.0, "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aString": "", "someBytes": "", "texts": [], "doubles": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "stringValues": [], "other-name": "", "OddName1": 0, "values": {}, "byUint": {}, "times": []}`,
  },
  {
    name: 'maps',
    schema: 'all',
    hex: 'ba01050a016b1001c2010f088080808080808080800112020805ca010408011001d20106080d120261629a030f08ffffffff0f11000000000000f83f',
    json: `{"byText": {"k": 1}, "byLong": {"-9223372036854775808": {"id": 5, "children": []}}, "byBool": {"true": "GREEN"}, "bySint": {"-7": "YWI="}, "byUint": {"4294967295": 1.5}, "aDouble": 0.0, "aFloat": 0.0, "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aBool": false, "aString": "", "someBytes": "", "color": "RED", "numbers": [], "unpacked": [], "texts": [], "colors": [], "doubles": [], "stringValues": [], "other-name": "", "OddName1": 0, "flags": [], "fixeds": [], "values": {}, "times": []}`,
  },
  {
    name: 'presence',
    schema: 'all',
    hex: 'e20100f00100fa0100800200',
    json: `{"choiceText": "", "maybeNumber": 0, "maybeText": "", "maybeColor": "RED", "aDouble": 0.0, "aFloat": 0.0, "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aBool": false, "aString": "", "someBytes": "", "color": "RED", "numbers": [], "unpacked": [], "texts": [], "colors": [], "doubles": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "stringValues": [], "other-name": "", "OddName1": 0, "flags": [], "fixeds": [], "values": {}, "byUint": {}, "times": []}`,
  },
  {
    name: 'nesting',
    schema: 'all',
    hex: '8a01041a026801ea010a08011200120412020802',
    json: `{"inner": {"all": {"aBool": true, "aDouble": 0.0, "aFloat": 0.0, "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aString": "", "someBytes": "", "color": "RED", "numbers": [], "unpacked": [], "texts": [], "colors": [], "doubles": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "stringValues": [], "other-name": "", "OddName1": 0, "flags": [], "fixeds": [], "values": {}, "byUint": {}, "times": []}, "id": 0, "children": []}, "choiceInner": {"id": 1, "children": [{"id": 0, "children": []}, {"children": [{"id": 2, "children": []}], "id": 0}]}, "aDouble": 0.0, "aFloat": 0.0, "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aBool": false, "aString": "", "someBytes": "", "color": "RED", "numbers": [], "unpacked": [], "texts": [], "colors": [], "doubles": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "stringValues": [], "other-name": "", "OddName1": 0, "flags": [], "fixeds": [], "values": {}, "byUint": {}, "times": []}`,
  },
  {
    name: 'times and masks',
    schema: 'all',
    hex: '8a020d088092b8c398feffffff01100192020b0880c4d1b1e8f6ffffff019a02100a07666f6f5f6261720a05612e625f63b2030d08ff82d1ffaf0710ff93ebdc03b2031108ffffffffffffffffff011080cab5ee01',
    json: `{"at": "0001-01-01T00:00:00.000000001Z", "lasts": "-315576000000s", "mask": "fooBar,a.bC", "times": ["9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.500Z"], "aDouble": 0.0, "aFloat": 0.0, "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aBool": false, "aString": "", "someBytes": "", "color": "RED", "numbers": [], "unpacked": [], "texts": [], "colors": [], "doubles": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "stringValues": [], "other-name": "", "OddName1": 0, "flags": [], "fixeds": [], "values": {}, "byUint": {}}`,
  },
  {
    name: 'free-form values',
    schema: 'all',
    hex: 'a202350a330a0161122e322c0a0911000000000000f03f0a0208000a031a01780a0220010a122a100a0e0a0162120911000000000000e0bfaa02020800b202080a0232000a022a009203080a017112031a0176',
    json: `{"struct": {"a": [1.0, null, "x", true, {"b": -0.5}]}, "value": null, "list": [[], {}], "values": {"q": "v"}, "aDouble": 0.0, "aFloat": 0.0, "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aBool": false, "aString": "", "someBytes": "", "color": "RED", "numbers": [], "unpacked": [], "texts": [], "colors": [], "doubles": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "stringValues": [], "other-name": "", "OddName1": 0, "flags": [], "fixeds": [], "byUint": {}, "times": []}`,
  },
  {
    name: 'wrappers and an any',
    schema: 'all',
    hex: 'ba02250a1f747970652e676f6f676c65617069732e636f6d2f742e416c6c2e496e6e657212020805c20200ca020b08ffffffffffffffffff01d202030a0101da020909000000000000f87fe20200ea0200a2030608ffffffff0faa03050dcdcccc3d',
    json: `{"any": {"@type": "type.googleapis.com/t.All.Inner", "id": 5, "children": []}, "empty": {}, "longValue": "-1", "bytesValue": "AQ==", "doubleValue": "NaN", "boolValue": false, "stringValues": [""], "uValue": 4294967295, "floatValue": 0.1, "aDouble": 0.0, "aFloat": 0.0, "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aBool": false, "aString": "", "someBytes": "", "color": "RED", "numbers": [], "unpacked": [], "texts": [], "colors": [], "doubles": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "other-name": "", "OddName1": 0, "flags": [], "fixeds": [], "values": {}, "byUint": {}, "times": []}`,
  },
  {
    name: 'an any of a type with a JSON form of its own',
    schema: 'all',
    hex: 'ba02320a2c747970652e676f6f676c65617069732e636f6d2f676f6f676c652e70726f746f6275662e4475726174696f6e12020803',
    json: `{"any": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "3s"}, "aDouble": 0.0, "aFloat": 0.0, "anInt32": 0, "anInt64": "0", "aUint32": 0, "aUint64": "0", "aSint32": 0, "aSint64": "0", "aFixed32": 0, "aFixed64": "0", "aSfixed32": 0, "aSfixed64": "0", "aBool": false, "aString": "", "someBytes": "", "color": "RED", "numbers": [], "unpacked": [], "texts": [], "colors": [], "doubles": [], "byText": {}, "byLong": {}, "byBool": {}, "bySint": {}, "stringValues": [], "other-name": "", "OddName1": 0, "flags": [], "fixeds": [], "values": {}, "byUint": {}, "times": []}`,
  },
  {
    name: 'proto2 with groups',
    schema: 'two',
    hex: '08ffffffffffffffffff011201741800200120022a0b03fcffffffffffffffff0133080112030a017a343b0a026c313c3b0a003c40025201785a070a016b12021809',
    json: `{"number": -1, "text": "t", "id": 0, "expanded": [1, 2], "run": [3, -4], "part": {"x": 1, "y": {"b": "eg=="}}, "line": [{"z": "l1"}, {"z": ""}], "kind": "SECOND", "two": "x", "twos": {"k": {"id": 9, "expanded": [], "run": [], "line": [], "twos": {}}}}`,
  },
  {
    name: 'an edition',
    schema: 'ed',
    hex: '10001b0a01641c2202010228012802330a016534333438024000',
    json: `{"explicit": 0, "sub": {"s": "d"}, "packed": [1, 2], "expanded": [1, 2], "subs": [{"s": "e"}, {"s": ""}], "closed": "TWO", "must": 0, "implicit": 0}`,
  },
];
