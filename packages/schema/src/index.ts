export type { SchemaCodec, SchemaType } from './codec.ts';
export { compileSchema } from './compile-schema.ts';
export { payloadOf, readSchemaId } from './framing.ts';
export type { ProduceSchema } from './registry/produce-schema.ts';
export { RegistryClient } from './registry/registry-client.ts';
export type { RegistryCredentials } from './registry/registry-options.ts';
export { type ResolutionFault, SchemaResolutionError } from './registry/schema-resolution-error.ts';
export { SchemaStore } from './registry/schema-store.ts';
export { DataMismatch, PayloadError } from './schema-errors.ts';
