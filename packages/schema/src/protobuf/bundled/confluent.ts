/** The files of Confluent that its registry knows without a reference. */
export const confluentFiles: Readonly<Record<string, string>> = {
  'confluent/meta.proto': `
    syntax = "proto3"; package confluent;
    message Meta {
      string doc = 1; map<string, string> params = 2; repeated string tags = 3; repeated Rule rules = 4;
    }
    message Rule { string name = 1; string doc = 2; string expr = 3; string sql = 4; }`,

  'confluent/type/decimal.proto': `
    syntax = "proto3"; package confluent.type;
    message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }`,

  'confluent/type/variant.proto': `
    syntax = "proto3"; package confluent.type;
    message Variant { bytes metadata = 1; bytes value = 2; }`,
};
