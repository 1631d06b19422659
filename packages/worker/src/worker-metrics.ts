import type { BlockingCalls } from '@sluice/kafka';
import type { Metrics } from '@sluice/runtime';
import type { Api } from './api.ts';

/** Gauges that are read at each scrape. */
export function observeWorker(metrics: Metrics, api: Api, blockingCalls: BlockingCalls): void {
  const gauges: readonly (readonly [string, string, () => number])[] = [
    ['consumer_instances', 'Consumer instances that live in this process.', () => api.sessions.size],
    ['consumer_instances_closing', 'Consumer instances that are leaving their group.', () => api.sessions.closing],
    ['consumer_instances_limit', 'Largest number of instances.', () => api.config.consumer.instancesMax],
    ['consumer_reads_waiting', 'Reads that wait for records.', () => api.scheduler.waiting],
    ['consumer_reads', 'Reads that wait or run.', () => api.reads.active],
    ['consumer_reads_limit', 'Largest number of reads.', () => api.config.consumer.readsMax],
    ['partition_reads', 'Reads of partitions without a group that run.', () => api.logReaders.stats().inUse],
    ['partition_reads_waiting', 'Such reads that wait for a client.', () => api.logReaders.stats().waiting],
    ['consumer_replay_bytes', 'Answers kept for a repeated Idempotency-Key.', () => api.replays.bytes],
    ['http_body_bytes', 'Request bodies and answers to reads in memory.', () => api.bodyBudget.used],
    ['http_body_bytes_limit', 'Largest sum of bodies in memory.', () => api.bodyBudget.limit],
    ['blocking_calls', 'Kafka calls that hold a thread of the pool.', () => blockingCalls.stats().inUse],
    ['blocking_calls_waiting', 'Kafka calls that wait for a thread.', () => blockingCalls.stats().waiting],
    ['blocking_calls_limit', 'Threads that such calls may hold.', () => blockingCalls.stats().limit],
  ];
  for (const [name, help, read] of gauges) metrics.observedGauge(name, help, read);
}
