import type { ApiVersion } from '@sluice/protocol';
import type { Api } from '../api.ts';
import type { RecordFields } from './wider-records-body.ts';

/** What records of a version have beside key, value and place: v1's have nothing. */
export function fieldsOf(version: ApiVersion, { dialect }: Pick<Api, 'dialect'>): RecordFields | undefined {
  const { hasTimestamps: timestamps, hasHeaders: headers } = dialect;
  return version === 'v2' && (timestamps || headers) ? { timestamps, headers } : undefined;
}
