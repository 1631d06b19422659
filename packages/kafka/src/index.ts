export {
  type AdminSettings,
  type ClientSettings,
  type ClientSettingsOptions,
  type LibrdkafkaSettings,
  translateClientSettings,
} from './client-settings.ts';
export { Consumer, type ConsumerHooks, type ConsumerOptions } from './consumer.ts';
export type { ClientConf } from './consumer-settings.ts';
export { KafkaError, type KafkaErrorFamily } from './kafka-error.ts';
export { type BearerToken, followTokens, TokenSource } from './oauth-token.ts';
export { type Principal, servicePrincipal } from './principal.ts';
export { type ConsumedRecord, recordBytes } from './record-buffer.ts';
