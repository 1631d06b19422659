import { RegistryError, RegistryUnavailable, UNREADABLE_ANSWER } from './registry-errors.ts';
import { isPassing } from './retry-wait.ts';

/**
 * Why there is no schema to work with.
 * - `notFound`: the registry has no such id, version or subject, or not this schema under the subject.
 * - `refused`: the registry says no: an incompatible schema, a subject that is read-only, wrong credentials.
 * - `forbidden`: the same with Confluent's code 40301, which the proxy hands on (contract A.6).
 * - `unavailable`: no usable answer in time.
 * - `unusable`: what the registry has is no schema that can be worked with.
 * - `invalidSchema`: a client's own text is no schema.
 * - `otherType`: the schema is of another type than the format of the request.
 * - `noSubject`: the strategy makes no subject of this schema.
 */
export type ResolutionFault =
  | 'notFound'
  | 'refused'
  | 'forbidden'
  | 'unavailable'
  | 'unusable'
  | 'invalidSchema'
  | 'otherType'
  | 'noSubject';

/** There is no schema to work with. The message is for the client: what was tried in Confluent's words, and what came of it. */
export class SchemaResolutionError extends Error {
  override readonly name = 'SchemaResolutionError';
  readonly kind: ResolutionFault;

  constructor(kind: ResolutionFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Forbidden by an ACL of the registry. Source: contract A.6. */
const FORBIDDEN = 40301;
const NOT_FOUND = 404;

/** @param tried what was tried, as contract E.2 has it: `Error when fetching schema by id. schemaId = 7` */
export function resolutionError(tried: string, cause: unknown): SchemaResolutionError {
  if (cause instanceof SchemaResolutionError) return cause;
  const kind = kindOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  // Confluent's proxy says of this one only what was tried.
  return new SchemaResolutionError(kind, kind === 'forbidden' ? tried : `${tried}\n${reason}`, { cause });
}

function kindOf(cause: unknown): ResolutionFault {
  if (cause instanceof RegistryUnavailable) return 'unavailable';
  if (!(cause instanceof RegistryError)) return 'unusable';
  if (cause.errorCode === FORBIDDEN) return 'forbidden';
  if (cause.httpStatus === NOT_FOUND) return 'notFound';
  return cause.errorCode === UNREADABLE_ANSWER || isPassing(cause.httpStatus) ? 'unavailable' : 'refused';
}
