export type {
  ApiListener,
  ClientKeys,
  ClusterConfig,
  Config,
  ConsumerLimits,
  HttpLimits,
  KafkaLimits,
  ListenAddress,
  ListenerTls,
  LogConfig,
  LogLevel,
  ManagementConfig,
  ProduceLimits,
  Role,
} from './config.ts';
export { ConfigError } from './config-error.ts';
export type { EffectiveSetting } from './effective-config.ts';
export { type FrontOptions, frontOf } from './front/front.ts';
export { servedVersions } from './front/served-versions.ts';
export { ApiListeners, type ApiListenersOptions } from './http/api-listeners.ts';
export { type ApiServerTls, ApiTls, type ApiTlsOptions, type ListenerIdentity } from './http/api-tls.ts';
export { ConnectionMetrics } from './http/connection-metrics.ts';
export { requestId } from './http/request-id.ts';
export { createHttpServer } from './http/server.ts';
export { dropBody, endAfterRequest } from './http/unread-body.ts';
export {
  type DrainStep,
  type HostProcess,
  Lifecycle,
  type LifecycleOptions,
  type LifecycleState,
} from './lifecycle.ts';
export { formatListenAddress } from './listeners.ts';
export { type ConfigInput, type LoadedConfig, loadConfig } from './load-config.ts';
export { LogFile, type LogFileOptions } from './log-file.ts';
export { createLogger, type Logger, type LoggerOptions } from './logger.ts';
export type { ManagementRoute } from './management-route.ts';
export {
  type HealthCheck,
  type ManagementServer,
  type ManagementServerOptions,
  startManagementServer,
} from './management-server.ts';
export {
  type BoundCounter,
  type BoundGauge,
  type BoundHistogram,
  DURATION_BUCKETS,
  type Labels,
  type MetricHandle,
  Metrics,
  type MetricsOptions,
} from './metrics.ts';
export { peerAgent, peerProtocol, transportFault } from './peer-agent.ts';
export { type PeerAddress, PeerClient, type PeerCredentials, PeerUnreachable } from './peer-client.ts';
export {
  type PeerAnswer,
  type PeerCall,
  type PeerServer,
  type PeerServerOptions,
  startPeerServer,
} from './peer-server.ts';
export { PeerTls } from './peer-tls.ts';
export { parseProperties, readPropertiesFile } from './properties.ts';
export type { Setting } from './setting.ts';
export { listSettings } from './settings.ts';
