export type { ConsumerFactory, SessionSettings } from './sessions/session-settings.ts';
export { createWorker, type Worker, type WorkerOptions } from './worker.ts';
