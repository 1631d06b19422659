export { Admin, type PartitionDescription, type TopicDescription } from './admin.ts';
export { AdminPool, type AdminPoolOptions } from './admin-pool.ts';
export { BlockingCalls } from './blocking-calls.ts';
export {
  type AdminSettings,
  type ClientSettings,
  type ClientSettingsOptions,
  type LibrdkafkaSettings,
  translateClientSettings,
} from './client-settings.ts';
export { Consumer } from './consumer.ts';
export type { ConsumerHooks, ConsumerOptions } from './consumer-options.ts';
export type { ClientConf } from './consumer-settings.ts';
export type { BatchResult } from './delivery.ts';
export { KafkaError, type KafkaErrorFamily } from './kafka-error.ts';
export { missingLibraryFeatures } from './library-features.ts';
export { OFFSET_NONE, OFFSET_STORED } from './logical-offsets.ts';
export { type MockCluster, startMockCluster } from './mock-cluster.ts';
export { type BearerToken, followTokens, TokenSource } from './oauth-token.ts';
export { type Principal, servicePrincipal } from './principal.ts';
export { ProducerPool, type ProducerPoolOptions } from './producer-pool.ts';
export { type ConsumedRecord, recordBytes } from './record-buffer.ts';
