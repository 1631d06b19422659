import { createHash } from 'node:crypto';
import type { InstanceName } from '@sluice/directory';

/** Names come from clients and may be as long as a request line; maps keyed by them are bounded by number only. */
const PLAIN_CHARS_MAX = 200;

/** A map's key for an instance. The length keeps names apart whatever characters are in them. */
export function instanceKey({ group, instance }: InstanceName): string {
  const key = `${group.length}:${group}${instance}`;
  return key.length <= PLAIN_CHARS_MAX ? key : createHash('sha256').update(key).digest('base64');
}
