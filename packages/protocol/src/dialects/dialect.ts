import type { ErrorKind, ErrorName } from '../errors.ts';
import type { EmbeddedFormat } from '../media-types.ts';
import type { Route } from '../route.ts';

/** Whose words are spoken where proxies differ: `sluice.dialect`. */
export type DialectName = 'confluent' | 'strimzi' | 'karapace';

/**
 * In what one family of proxies differs from Confluent's on the wire, as facts that are looked up once, at the start, or
 * where the difference shows. They are about v2: v1 is Confluent's alone.
 */
export interface DialectFacts {
  readonly name: DialectName;
  /** The rows of v2, as this dialect has them, and those that it adds. */
  readonly routes: (v2: readonly Route[]) => readonly Route[];
  /** Media types of v1 mean v2, too. */
  readonly takesV1Types: boolean;
  /** Formats of records beside Confluent's. */
  readonly formats: readonly EmbeddedFormat[];
  /** What is added to the offsets of a commit: they name the last record that was read (1), or the next one (0). */
  readonly commitStep: 0 | 1;
  /** What a commit is answered with. */
  readonly commitAnswer: { readonly status: number; readonly body?: string };
  /** Records have these without being asked for. */
  readonly hasHeaders: boolean;
  readonly hasTimestamps: boolean;
  /** A create request may have `enable.auto.commit` and `isolation.level`. */
  readonly takesKafkaNames: boolean;
  /** Where an instance begins that does not say; undefined: `consumer.auto.offset.reset`. */
  readonly autoOffsetReset: 'earliest' | undefined;
  /** A produce with `async=true` is answered before Kafka has the records. */
  readonly takesAsync: boolean;
  /** X-Forwarded-Path is the path that a create came with, and begins its `base_uri`. */
  readonly followsForwardedPath: boolean;
  /** A subscription is answered together with the partitions that are read. */
  readonly tellsPartitions: boolean;
  /** What GET / answers. */
  readonly information: (version: string) => string;
  /** Status and code of an error. */
  readonly errorOf: (name: ErrorName, kind: ErrorKind) => Pick<ErrorKind, 'status' | 'code'>;
}
