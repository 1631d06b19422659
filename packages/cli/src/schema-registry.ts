import type { RegistryIdentity } from '@sluice/kafka/client-settings';
import type { Config, Metrics } from '@sluice/runtime';
import { compileSchema, RegistryClient, type RegistryCredentials, SchemaStore } from '@sluice/schema';
import type { Configuration } from './configuration.ts';
import { strategyOf } from './registry-configuration.ts';

/** Characters that one of a schema may take in an answer: `\u001f`. */
const ESCAPED_MAX = 6;
/** Of an answer around its schema. */
const ENVELOPE_BYTES = 65_536;

/** What is known of the schema registry, and the way to it. Nothing is connected until it is used. */
export interface SchemaRegistry {
  readonly schemas: SchemaStore;
  close(): Promise<void>;
}

/** For a configuration that names a registry. */
export function createSchemaRegistry({ config, registry: identity }: Configuration, metrics: Metrics): SchemaRegistry {
  const { registry } = config;
  const { connectTimeoutMs, requestTimeoutMs, callTimeoutMs, callsMax, normalize } = registry;
  const client = new RegistryClient({
    urls: registry.urls,
    credentials: credentialsOf(registry, identity),
    tls: identity.tls,
    normalize,
    connectTimeoutMs,
    requestTimeoutMs,
    callTimeoutMs,
    callsMax,
    retriesMax: registry.retriesMax,
    retryWaitMs: registry.retryWaitMs,
    retryMaxWaitMs: registry.retryMaxWaitMs,
    answerMaxBytes: ESCAPED_MAX * registry.schemaMaxBytes + ENVELOPE_BYTES,
    onRequest: requestMetrics(metrics),
  });
  const schemas = new SchemaStore({
    client,
    compile: compileSchema,
    onCompiled: compileMetrics(metrics),
    keyStrategy: strategyOf(registry.keySubjectStrategy) ?? 'TOPIC_NAME',
    valueStrategy: strategyOf(registry.valueSubjectStrategy) ?? 'TOPIC_NAME',
    autoRegister: registry.autoRegister,
    useLatestVersion: registry.useLatestVersion,
    schemaMaxBytes: registry.schemaMaxBytes,
    schemasMax: registry.cacheMax,
    schemasMaxBytes: registry.cacheMaxBytes,
    resolutionTimeoutMs: callTimeoutMs,
  });
  return { schemas, close: async () => await client.close() };
}

function credentialsOf(
  registry: Config['registry'],
  { login, token }: RegistryIdentity,
): RegistryCredentials | undefined {
  if (registry.bearerSource === 'static_token') return { token: registry.bearerToken };
  if (token !== undefined) return { token };
  if (login !== undefined || registry.credentialsSource !== 'user_info') return login;
  const colon = registry.userInfo.indexOf(':');
  return { username: registry.userInfo.slice(0, colon), password: registry.userInfo.slice(colon + 1) };
}

type OnRequest = NonNullable<ConstructorParameters<typeof RegistryClient>[0]['onRequest']>;
type OnCompiled = NonNullable<ConstructorParameters<typeof SchemaStore>[0]['onCompiled']>;

function requestMetrics(metrics: Metrics): OnRequest {
  const seconds = metrics.histogram('registry_request_seconds', 'Exchanges with the schema registry.', [
    'operation',
    'outcome',
  ]);
  return (operation, outcome, duration) => seconds.bind({ operation, outcome }).observe(duration);
}

function compileMetrics(metrics: Metrics): OnCompiled {
  const seconds = metrics.histogram('schema_compile_seconds', 'Schemas that were made ready for use.', ['type']);
  return (type, duration) => seconds.bind({ type }).observe(duration);
}
