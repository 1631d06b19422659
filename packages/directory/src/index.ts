export {
  type ClaimOutcome,
  type ClaimRequest,
  type CreateAttempt,
  type CreateOutcome,
  type CreateRequest,
  type Directory,
  type DirectoryEvent,
  DirectoryUnavailable,
  type HeldInstance,
  type HoldOutcome,
  type InstanceName,
  type InstanceRecord,
  type LeaseOutcome,
  type NodeIdentity,
  type NodeLoad,
  type NodeRecord,
  type Ownership,
  type StateChange,
  type StateWrite,
} from './directory.ts';
export { sameNode } from './epoch.ts';
export { MemoryDirectory, type MemoryDirectoryOptions } from './memory-directory.ts';
export { NodeLease, type NodeLeaseOptions } from './node-lease.ts';
export { NodeList, type NodeListOptions } from './node-list.ts';
export { parseRedisUrl, type RedisAddress } from './redis-url.ts';
export { takeoverOrder } from './takeover-order.ts';
