export type { ConsumerFactory, SessionSettings } from './sessions/session.ts';
export { createWorker, type Worker, type WorkerOptions } from './worker.ts';
