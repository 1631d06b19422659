import { ApiError, type TopicPartition } from '@sluice/protocol';
import { partitionKey } from './delivery-tracker.ts';
import { compileTopicPattern, type TopicPattern } from './topic-pattern.ts';

/** What the client of an instance wants to read. */
export type Source =
  | { readonly kind: 'none' }
  | { readonly kind: 'topics'; readonly topics: readonly string[] }
  | { readonly kind: 'pattern'; readonly pattern: TopicPattern; readonly topics: readonly string[] }
  | { readonly kind: 'assignment'; readonly partitions: readonly TopicPartition[] };

export const noSource: Source = { kind: 'none' };

/** The group decides which partitions are read. */
export function isSubscription(source: Source): boolean {
  return source.kind === 'topics' || source.kind === 'pattern';
}

/** Topics subscribed to: the ones named, or those that the pattern matches now. */
export function topicsOf(source: Source): readonly string[] {
  return source.kind === 'topics' || source.kind === 'pattern' ? source.topics : [];
}

export function subscriptionTo(topics: readonly string[]): Source {
  return { kind: 'topics', topics: [...new Set(topics)] };
}

export function assignmentOf(partitions: readonly TopicPartition[]): Source {
  const unique = new Map(
    partitions.map(({ topic, partition }) => [partitionKey({ topic, partition }), { topic, partition }]),
  );
  return { kind: 'assignment', partitions: [...unique.values()] };
}

/**
 * A source may be replaced by one of its kind only; between kinds the client has to unsubscribe (contract A.8).
 * @throws ApiError 409/40903
 */
export function assertReplaceable(current: Source, next: Source): void {
  if (current.kind === 'none' || current.kind === next.kind) return;
  throw new ApiError('illegalState', {
    detail: 'Subscription to topics, partitions and pattern are mutually exclusive',
  });
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  const names = new Set(a);
  return names.size === new Set(b).size && b.every((name) => names.has(name));
}

/** The same subscription again is no reason to leave the group and join it anew. */
export function isSameSubscription(a: Source, b: Source): boolean {
  if (a.kind === 'topics' && b.kind === 'topics') return sameNames(a.topics, b.topics);
  return a.kind === 'pattern' && b.kind === 'pattern' && a.pattern.text === b.pattern.text;
}

/** The pattern with the topics that match it among those that exist now; undefined when nothing changed. */
export async function refreshed(source: Source, existing: readonly string[]): Promise<Source | undefined> {
  if (source.kind !== 'pattern') return undefined;
  const topics = await source.pattern.among(existing);
  return sameNames(source.topics, topics) ? undefined : { ...source, topics };
}

interface SourceRecord {
  readonly topics?: readonly string[];
  readonly pattern?: string;
  readonly partitions?: readonly TopicPartition[];
}

/** A source as the directory keeps it, for whoever has to go on with the instance. */
export function sourceText(source: Source): string | undefined {
  const record = (content: SourceRecord): string => JSON.stringify(content);
  switch (source.kind) {
    case 'none':
      return undefined;
    case 'topics':
      return record({ topics: source.topics });
    case 'pattern':
      return record({ pattern: source.pattern.text });
    case 'assignment':
      return record({ partitions: source.partitions });
    default:
      return source satisfies never;
  }
}

/** The source that `sourceText` wrote; which topics a pattern matches is to be found out again. */
export function parseSource(text: string | undefined): Source {
  if (text === undefined) return noSource;
  const { topics, pattern, partitions } = JSON.parse(text) as SourceRecord;
  if (topics !== undefined) return subscriptionTo(topics);
  if (pattern !== undefined) return { kind: 'pattern', pattern: compileTopicPattern(pattern), topics: [] };
  return partitions === undefined ? noSource : assignmentOf(partitions);
}

/** Whether the group decides which partitions are read, and so the broker about who commits for them. */
export function isSubscriptionText(text: string | undefined): boolean {
  return isSubscription(parseSource(text));
}
