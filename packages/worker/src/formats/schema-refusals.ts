import { ApiError, type ApiVersion, type ErrorName } from '@sluice/protocol';
import type { DataMismatch, ResolutionFault, SchemaResolutionError } from '@sluice/schema';

/** What is answered where records cannot be brought into their schemas. */
export interface SchemaRefusals {
  /** There is no schema to work with. */
  readonly resolution: (error: SchemaResolutionError) => ApiError;
  /** A value does not fit its schema. @param where which one: `value of record 3` */
  readonly mismatch: (error: DataMismatch, where: string) => ApiError;
}

/** What else there is comes as the version's general answer. */
const named: Readonly<Partial<Record<ResolutionFault, ErrorName>>> = {
  invalidSchema: 'invalidSchema',
  forbidden: 'kafkaAuthorization',
};

function mismatchText({ message, path }: DataMismatch, where: string): string {
  return `${message} (${path === '' ? where : `${where}, at ${path}`})`;
}

/** Source: rest-v1-v2 contract A.6, C.3 and E.2, observed (b) and (l). */
export const schemaRefusals: Readonly<Record<ApiVersion, SchemaRefusals>> = {
  v1: {
    resolution: (cause) => {
      const kind = named[cause.kind];
      if (kind !== undefined) return new ApiError(kind, { detail: cause.message, cause });
      const message = `Schema registration or lookup failed: ${cause.message}`;
      return new ApiError('serialization', { message, cause });
    },
    mismatch: (cause, where) => {
      const detail = `Failed to convert JSON to Avro: ${mismatchText(cause, where)}`;
      return new ApiError('conversionFailed', { detail, cause });
    },
  },
  v2: {
    resolution: (cause) => new ApiError(named[cause.kind] ?? 'schemaSerialization', { detail: cause.message, cause }),
    mismatch: (cause, where) => new ApiError('badRequest', { detail: `: ${mismatchText(cause, where)}`, cause }),
  },
};
