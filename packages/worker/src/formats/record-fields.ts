import type { ApiVersion } from '@sluice/protocol';
import type { Api } from '../api.ts';
import type { RecordFields } from './records-body.ts';

/** What records of a version have beside key, value and place: v1's have nothing. */
export function fieldsOf(version: ApiVersion, { dialect }: Pick<Api, 'dialect'>): RecordFields | undefined {
  if (version === 'v1') return undefined;
  return { timestamps: dialect.hasTimestamps, headers: dialect.hasHeaders };
}
