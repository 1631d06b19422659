import { int64Parameter } from '@sluice/protocol';

/**
 * `timeout` or `max_bytes` of a read. Zero and negative numbers mean "not given" (observed (f)).
 * @throws ApiError notFound for what is no number
 */
export function positiveParameter(query: string, name: string): number | undefined {
  const value = int64Parameter(query, name);
  return value !== undefined && value > 0 ? value : undefined;
}
