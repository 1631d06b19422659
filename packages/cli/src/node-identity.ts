import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { NodeIdentity } from '@sluice/directory';

const BOOT_CHARACTERS = 12;

/** This process among the nodes of a cluster: Confluent's `id` if it is set, else a name that no other process has. */
export function nodeIdentity(configured: string): NodeIdentity {
  const boot = randomUUID().replaceAll('-', '').slice(0, BOOT_CHARACTERS);
  return { id: configured === '' ? `${hostname()}-${boot}` : configured, boot };
}
