export { Consumer, type ConsumerHooks, type ConsumerOptions } from './consumer.ts';
export type { ClientConf } from './consumer-settings.ts';
export { KafkaError, type KafkaErrorFamily } from './kafka-error.ts';
export { type Principal, servicePrincipal } from './principal.ts';
export { type ConsumedRecord, recordBytes } from './record-buffer.ts';
