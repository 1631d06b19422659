import { parseRedisUrl } from '@sluice/directory';
// Without the clients themselves: whoever looks at a configuration, and an edge, needs none of them.
import { type ClientSettings, type RegistryIdentity, translateClientSettings } from '@sluice/kafka/client-settings';
import {
  type Config,
  ConfigError,
  type ConfigInput,
  type LoadedConfig,
  loadConfig,
  readPropertiesFile,
} from '@sluice/runtime';
import { listenerTlsProblems } from './listener-tls.ts';
import { registryIdentity, registryProblems } from './registry-configuration.ts';

export interface ConfigurationInput {
  /** Path of the properties file. */
  readonly file?: string | undefined;
  /** `key=value` texts from the command line. */
  readonly set?: readonly string[];
  /** Properties that a command brings along; a file, the environment and the command line win over them. */
  readonly defaults?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface Configuration extends LoadedConfig {
  readonly clients: ClientSettings;
  readonly registry: RegistryIdentity;
}

/**
 * The configuration of a process: of the server, and of its Kafka clients.
 *
 * @throws ConfigError with all problems of both.
 */
export function loadConfiguration(input: ConfigurationInput): Configuration {
  const translated: Pick<Configuration, 'clients' | 'registry'>[] = [];
  const loaded = loadConfig({
    ...sourcesOf(input),
    check: (config) => {
      const clients = translate(config);
      const registry = registryIdentity(config);
      translated.push({ clients, registry });
      const problems = [
        redisProblems(config),
        listenerTlsProblems(config),
        clients.problems,
        registryProblems(config),
        registry.problems,
      ];
      return { problems: problems.flat(), warnings: [...clients.warnings, ...registry.warnings] };
    },
  });
  const [read] = translated;
  if (read === undefined) throw new Error('the configuration was loaded without a look at the client keys');
  return { ...loaded, ...read };
}

/**
 * The configuration of a command that only looks at a cluster: neither Kafka nor the cluster's secret need be set.
 *
 * @throws ConfigError
 */
export function loadOperatorConfiguration(input: ConfigurationInput): LoadedConfig {
  return loadConfig({
    ...sourcesOf(input),
    forServer: false,
    check: (config) => ({ problems: redisProblems(config), warnings: [] }),
  });
}

function sourcesOf(input: ConfigurationInput): Pick<ConfigInput, 'properties' | 'environment' | 'overrides'> {
  const overrides = parseAssignments(input.set ?? []);
  const file = input.file === undefined ? new Map<string, string>() : readPropertiesFile(input.file);
  return {
    properties: new Map([...Object.entries(input.defaults ?? {}), ...file]),
    environment: input.environment ?? process.env,
    overrides,
  };
}

function redisProblems({ cluster: { redisUrl } }: Config): string[] {
  if (redisUrl === '') return [];
  try {
    parseRedisUrl(redisUrl);
    return [];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [`sluice.redis.url: the value is not allowed; ${error.message}`];
  }
}

/** Splits `key=value` texts; the value may be empty or hold further equals signs. */
function parseAssignments(texts: readonly string[]): Map<string, string> {
  const bad = texts.filter((text) => text.indexOf('=') < 1);
  // The text itself may be a secret whose key was forgotten.
  if (bad.length > 0) throw new ConfigError(bad.map(() => '--set: allowed is key=value'));
  return new Map(
    texts.map((text) => [text.slice(0, text.indexOf('=')).trim(), text.slice(text.indexOf('=') + 1)] as const),
  );
}

function translate(config: Config): ClientSettings {
  return translateClientSettings({
    bootstrapServers: config.bootstrapServers,
    keys: config.clientKeys,
    oauthbearerToken: config.kafka.oauthbearerToken,
    tokenTimeoutMs: config.kafka.connectTimeoutMs,
  });
}
