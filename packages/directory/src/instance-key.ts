import type { InstanceName } from './directory.ts';

/** Braces would move a key's hash tag, and a bar would make two names one. `encodeURIComponent` escapes both. */
export function instanceKey({ group, instance }: InstanceName): string {
  return `${encodeURIComponent(group)}|${encodeURIComponent(instance)}`;
}

export function instanceOfKey(key: string): InstanceName {
  const [group = '', instance = ''] = key.split('|');
  return { group: decodeURIComponent(group), instance: decodeURIComponent(instance) };
}
