import { isDeepStrictEqual } from 'node:util';
import { type Configuration, loadConfiguration } from '../../packages/cli/src/configuration.ts';
import { consumerConf } from '../../packages/kafka/src/consumer-settings.ts';
import { producerConf } from '../../packages/kafka/src/producer-conf.ts';
import { ConfigError } from '../../packages/runtime/src/index.ts';
import type { Context } from './configuration-keys.ts';

/** What a start with some keys comes to. */
export interface Loaded {
  readonly configuration: Configuration | undefined;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Loads the configuration as a server does when it starts, with these keys in its file and a broker beside them. */
export function load(keys: Context): Loaded {
  const set = Object.entries({ 'bootstrap.servers': 'localhost:9092', ...keys }).map(
    ([key, value]) => `${key}=${value}`,
  );
  try {
    const configuration = loadConfiguration({ set, environment: {} });
    return { configuration, problems: [], warnings: configuration.warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { configuration: undefined, problems: error.problems, warnings: error.warnings };
  }
}

/** Whether two starts differ in what the server goes by. One that stops differs from one that does not. */
export function differ(one: Loaded, other: Loaded): boolean {
  return !isDeepStrictEqual(one.configuration?.config, other.configuration?.config);
}

type Settings = Readonly<Record<string, unknown>>;

/** What the clients are made with in the end: some of what a file says gives way to what the server relies on. */
function settingsOf({ configuration }: Loaded): Readonly<Record<'producer' | 'consumer' | 'admin', Settings>> {
  if (configuration === undefined) return { producer: {}, consumer: {}, admin: {} };
  const { clients, config } = configuration;
  const producer = producerConf({ settings: clients.producer, ...config.produce });
  const consumer = consumerConf({ settings: clients.consumer, groupId: 'g', ...config.consumer });
  return {
    producer: { ...producer.global, ...producer.topic },
    consumer: { ...consumer.global, ...consumer.topic },
    admin: { ...clients.admin },
  };
}

function changed(before: Settings, after: Settings): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  // Functions are made anew with each start.
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/** The settings of the client libraries in which two starts differ, by the kind of client. */
export function changedSettings(before: Loaded, after: Loaded): ReadonlyMap<string, readonly string[]> {
  const [old, now] = [settingsOf(before), settingsOf(after)];
  const kinds = ['producer', 'consumer', 'admin'] as const;
  return new Map(
    kinds.map((kind) => [kind, changed(old[kind], now[kind])] as const).filter(([, names]) => names.length > 0),
  );
}

/** The reasons that the warnings of a start give for a key's having no effect. */
export function reasonsFor(key: string, { warnings }: Loaded): string[] {
  const beginning = `${key} has no effect: `;
  return warnings.filter((text) => text.startsWith(beginning)).map((text) => text.slice(beginning.length));
}
