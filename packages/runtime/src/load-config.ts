import { checkCluster } from './cluster-checks.ts';
import type { ClientKeys, Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import {
  type ConfigSource,
  hideSecrets,
  hideUrlCredentials,
  mergeSources,
  type SourcedValue,
} from './config-sources.ts';
import { type EffectiveSetting, effectiveSettings } from './effective-config.ts';
import { keysFromEnvironment } from './environment.ts';
import { checkListenerKeys, isListenerKey } from './listener-keys.ts';
import { readListenerTls } from './listener-tls.ts';
import { parseAdvertisedListeners, parseListeners, parseProtocolMap } from './listeners.ts';
import { registryTlsKey } from './registry-settings.ts';
import type { Setting } from './setting.ts';
import { listSettings, settings } from './settings.ts';
import { findUnusedKey } from './unused-keys.ts';

export interface ConfigInput {
  /** The properties file, parsed. */
  readonly properties?: ReadonlyMap<string, string>;
  /** The process environment: KAFKA_REST_* variables win over the file. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Keys from the command line: they win over all. */
  readonly overrides?: ReadonlyMap<string, string>;
  /** False for a command that only looks at a cluster: it may lack what a server needs, brokers for one. */
  readonly forServer?: boolean;
  /** What another package has to say, about the keys of Kafka's clients for one: reported together with the rest. */
  readonly check?: (config: Config) => { readonly problems: readonly string[]; readonly warnings: readonly string[] };
}

export interface LoadedConfig {
  readonly config: Config;
  /** For the log: keys without effect, unknown keys. */
  readonly warnings: readonly string[];
  /** What holds now and where it came from, secrets hidden. */
  readonly effective: readonly EffectiveSetting[];
}

const clientPrefixes = ['client', 'producer', 'consumer', 'admin'] as const;
const knownKeys: ReadonlySet<string> = new Set(listSettings().map(({ key }) => key));
/** Read for a setting, though they are named like those of a Kafka client. */
const fallbackKeys: ReadonlySet<string> = new Set(listSettings().flatMap((setting) => setting.fallbackKeys));

/**
 * Makes the configuration: file, then environment, then command line, the later winning.
 *
 * @throws ConfigError with all problems at once.
 */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const sources: [ConfigSource, ReadonlyMap<string, string>][] = [
    ['file', input.properties ?? new Map()],
    ['environment', keysFromEnvironment(input.environment ?? {})],
    ['command line', input.overrides ?? new Map()],
  ];
  const values = mergeSources(sources);
  const reader = new SettingReader(values);
  const sorted = sortKeys(values);
  const cluster = reader.readGroup(settings.cluster);
  const { forServer = true } = input;
  const bootstrap = readBootstrapServers(reader, values, forServer && cluster.role !== 'edge');
  const config = readConfig(reader, values, {
    cluster,
    bootstrapServers: bootstrap.servers,
    clientKeys: clientKeys(values),
    registryKeys: registryKeys(values),
  });
  const joined = checkCluster(config, values, forServer);
  const ofListeners = checkListenerKeys(config.listeners, values);
  const checked = input.check?.(config) ?? { problems: [], warnings: [] };
  const found = [bootstrap, sorted, joined, ofListeners, checked];
  const problems = [...reader.problems, ...found.flatMap((part) => part.problems)];
  const warnings = found.flatMap((part) => part.warnings);
  if (problems.length > 0) throw new ConfigError(problems.map(hideUrlCredentials), { warnings });
  return {
    config: deepFreeze(config),
    warnings,
    effective: effectiveSettings(bootstrap.assumed ? withAssumedBroker(values) : values),
  };
}

/** Reads settings out of the values and gathers what is wrong, so that all of it is reported together. */
class SettingReader {
  readonly problems: string[] = [];
  readonly #values: ReadonlyMap<string, SourcedValue>;

  constructor(values: ReadonlyMap<string, SourcedValue>) {
    this.#values = values;
  }

  /** @param prefix in front of a key that wins over the one without it */
  read<T>(setting: Setting<T>, prefix = ''): T {
    const key = [prefix + setting.key, setting.key, ...setting.fallbackKeys].find((name) => this.#values.has(name));
    const given = key === undefined ? undefined : this.#values.get(key);
    if (key === undefined || given === undefined) return setting.defaultValue;
    const value = setting.parse(given.value);
    if (value !== undefined) return value;
    const shown = setting.secret ? 'the value' : `'${hideSecrets(key, given.value)}'`;
    const why = setting.explain(given.value) ?? 'is not allowed';
    const problem = `${key}: ${shown} ${why}; allowed is ${setting.allowed}`;
    // Listeners share keys, and each reads them.
    if (!this.problems.includes(problem)) this.problems.push(problem);
    return setting.defaultValue;
  }

  readGroup<T extends object>(group: { readonly [K in keyof T]: Setting<T[K]> }): T {
    const entries = Object.entries<Setting<unknown>>(group).map(([field, setting]) => [field, this.read(setting)]);
    return Object.fromEntries(entries) as T;
  }
}

function readConfig(
  reader: SettingReader,
  values: ReadonlyMap<string, SourcedValue>,
  read: Pick<Config, 'bootstrapServers' | 'clientKeys' | 'registryKeys' | 'cluster'>,
): Config {
  const top = reader.readGroup(settings.top);
  const protocols = parseProtocolMap(reader.read(settings.raw.listenerProtocolMap));
  const advertised = parseAdvertisedListeners(reader.read(settings.raw.advertisedListeners), protocols.map);
  reader.problems.push(...protocols.problems, ...advertised.problems);
  const http = reader.readGroup(settings.http);
  const connectionLimit = reader.read(settings.raw.serverConnectionLimit);
  return {
    ...top,
    ...read,
    listeners: readListeners(reader, values, { port: top.port, protocols: protocols.map }),
    advertisedListeners: advertised.urls,
    front: reader.readGroup(settings.front),
    dialect: reader.readGroup(settings.dialect),
    rateLimit: reader.readGroup(settings.rateLimit),
    dosFilter: reader.readGroup(settings.dosFilter),
    http: { ...http, connectionsMax: connectionLimit > 0 ? connectionLimit : http.connectionsMax },
    consumer: reader.readGroup(settings.consumer),
    produce: reader.readGroup(settings.produce),
    kafka: reader.readGroup(settings.kafka),
    registry: reader.readGroup(settings.registry),
    management: reader.readGroup(settings.management),
    log: readLog(reader, top.debug),
  };
}

function readListeners(
  reader: SettingReader,
  values: ReadonlyMap<string, SourcedValue>,
  { port, protocols }: { readonly port: number; readonly protocols: ReadonlyMap<string, string> },
): Config['listeners'] {
  const { addresses, problems } = parseListeners(reader.read(settings.raw.listeners), protocols);
  reader.problems.push(...problems);
  if (addresses.length === 0 && problems.length === 0) {
    return [{ name: 'http', scheme: 'http', host: '0.0.0.0', port }];
  }
  return addresses.map((address) =>
    address.scheme === 'https' ? { ...address, tls: readListenerTls(reader, values, address.name) } : address,
  );
}

function readLog(reader: SettingReader, debug: boolean): Config['log'] {
  const log = reader.readGroup(settings.log);
  return debug && log.level !== 'trace' ? { ...log, level: 'debug' } : log;
}

interface BootstrapServers {
  readonly servers: string;
  /** Nobody has named a broker. */
  readonly assumed: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const ASSUMED_BROKER = 'localhost:9092';

function withAssumedBroker(values: ReadonlyMap<string, SourcedValue>): Map<string, SourcedValue> {
  return new Map([...values, ['bootstrap.servers', { value: ASSUMED_BROKER, source: 'default' }]]);
}

function readBootstrapServers(
  reader: SettingReader,
  values: ReadonlyMap<string, SourcedValue>,
  needed: boolean,
): BootstrapServers {
  const entries = reader.read(settings.raw.bootstrapServers);
  const allowed = 'allowed is HOST:PORT, comma-separated';
  if (entries.length > 0) {
    const problems = entries
      .filter((entry) => !isHostAndPort(withoutName(entry)))
      .map((entry) => `bootstrap.servers: '${entry}' is not allowed; ${allowed}`);
    return { servers: entries.map(withoutName).join(','), assumed: false, problems, warnings: [] };
  }
  if (!needed) return { servers: '', assumed: false, problems: [], warnings: [] };
  // The sample file of old Confluent releases names ZooKeeper only, and brokers were found through it.
  if (values.has('zookeeper.connect')) {
    const warning = `bootstrap.servers is not set and zookeeper.connect is not used: ${ASSUMED_BROKER} is taken`;
    return { servers: ASSUMED_BROKER, assumed: true, problems: [], warnings: [warning] };
  }
  return { servers: '', assumed: false, problems: [`bootstrap.servers: nothing is set; ${allowed}`], warnings: [] };
}

/** Confluent's sample file has PLAINTEXT:// in front of each broker; the protocol is `client.security.protocol`'s to say. */
function withoutName(server: string): string {
  return server.replace(/^[A-Za-z][A-Za-z0-9_]*:\/\//, '');
}

function isHostAndPort(server: string): boolean {
  const match = /^(?:\[[0-9A-Fa-f:.%]+\]|[^\s:/[\]@?#]+):(\d{1,5})$/.exec(server);
  const port = Number(match?.[1] ?? 0);
  return port >= 1 && port <= 65_535;
}

/** Sets apart the keys that mean nothing here from those that nobody knows. */
function sortKeys(values: ReadonlyMap<string, SourcedValue>): { warnings: string[]; problems: string[] } {
  const warnings: string[] = [];
  const problems: string[] = [];
  const unknown: string[] = [];
  for (const [key, { value }] of values) {
    if (knownKeys.has(key) || registryTlsKey(key) !== undefined || isListenerKey(key)) continue;
    const unused = findUnusedKey(key);
    if (unused?.harmless !== undefined && !unused.harmless.includes(value.toLowerCase())) {
      const allowed = unused.harmless.map((harmless) => harmless || 'nothing').join(' or ');
      problems.push(`${key}: '${value}' asks for what is not done here (${unused.reason}); allowed is ${allowed}`);
    } else if (unused !== undefined) {
      warnings.push(`${key} has no effect: ${unused.reason}`);
    } else if (!isClientKey(key)) {
      unknown.push(key);
    }
  }
  if (unknown.length > 0) warnings.push(`unknown keys have no effect: ${unknown.toSorted().join(', ')}`);
  return { warnings, problems };
}

function isClientKey(key: string): boolean {
  return clientPrefixes.some((prefix) => key.startsWith(`${prefix}.`));
}

function isForClients(key: string): boolean {
  if (knownKeys.has(key) || findUnusedKey(key) !== undefined) return false;
  return !fallbackKeys.has(key) && registryTlsKey(key) === undefined;
}

/**
 * The keys for Kafka's clients. Keys of the server that merely begin like one (`consumer.threads`) are left out;
 * Confluent passes them on, and the client complains.
 */
function clientKeys(values: ReadonlyMap<string, SourcedValue>): Config['clientKeys'] {
  const keysOf = (prefix: string): ClientKeys => {
    const own = [...values].filter(([key]) => key.startsWith(`${prefix}.`) && isForClients(key));
    return Object.fromEntries(own.map(([key, { value }]) => [key.slice(prefix.length + 1), value]));
  };
  return {
    client: keysOf('client'),
    producer: keysOf('producer'),
    consumer: keysOf('consumer'),
    admin: keysOf('admin'),
  };
}

/** The registry's own TLS, each key without what stands in front of `ssl.`. */
function registryKeys(values: ReadonlyMap<string, SourcedValue>): ClientKeys {
  const own = [...values].flatMap(([key, { value }]) => {
    const found = registryTlsKey(key);
    return found === undefined ? [] : [{ ...found, value }];
  });
  return Object.fromEntries(own.toSorted((a, b) => a.rank - b.rank).map(({ name, value }) => [name, value]));
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
