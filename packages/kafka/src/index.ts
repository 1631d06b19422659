export { KafkaError, type KafkaErrorFamily } from './kafka-error.ts';
export { type Principal, servicePrincipal } from './principal.ts';
