import type { NodeIdentity } from '@sluice/directory';
import type { Dialect } from '@sluice/protocol';
import type { HealthCheck, Lifecycle, ListenAddress, Logger, ManagementRoute, Metrics } from '@sluice/runtime';
import type { Configuration } from './configuration.ts';
import type { KafkaClients } from './kafka-clients.ts';

/** What every role has. */
export interface ServerContext {
  readonly configuration: Configuration;
  readonly identity: NodeIdentity;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly version: string;
  readonly dialect: Dialect;
}

/** What a role has put together; it accepts requests from `listen` on. */
export interface ServerParts {
  /** Answers where the API listens, with the ports that it got; empty for a worker, which edges reach. */
  listen(): Promise<readonly ListenAddress[]>;
  readonly checks: readonly HealthCheck[];
  /** What the management listener serves about the cluster. */
  readonly routes: ReadonlyMap<string, ManagementRoute>;
  /** Undefined for an edge. */
  readonly kafka: KafkaClients | undefined;
}
