export type { ClusterOptions } from './cluster/cluster-member.ts';
export type { PeerCall } from './cluster/hand-over.ts';
export type { Declined } from './http/dispatch.ts';
export type { LocalAttempt } from './http/exchange.ts';
export type { ConsumerFactory, SessionSettings } from './sessions/session-settings.ts';
export { createWorker, type Worker } from './worker.ts';
export type { WorkerOptions } from './worker-options.ts';
