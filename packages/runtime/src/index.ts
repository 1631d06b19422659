export type {
  ClientKeys,
  Config,
  ConsumerLimits,
  HttpLimits,
  KafkaLimits,
  ListenAddress,
  ManagementConfig,
  ProduceLimits,
} from './config.ts';
