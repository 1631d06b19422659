import type { RegistryConfig } from './config.ts';
import { choice, flag, type Group, integer, list, MIB, milliseconds, text } from './setting.ts';

const PREFIX = 'schema.registry.';

/**
 * Confluent gives the serializers what stands under these prefixes, too (contract D.2). There the later one wins; here
 * what is set for the registry itself does.
 */
const OTHER_PREFIXES = ['consumer.', 'producer.', 'client.'];

/** Serializers know older names of some keys, which begin as the registry's own do. */
function key(name: string): { readonly key: string; readonly fallbackKeys: readonly string[] } {
  const full = PREFIX + name;
  return { key: full, fallbackKeys: OTHER_PREFIXES.flatMap((prefix) => [prefix + name, prefix + full]) };
}

function textSetting(name: string, options: Parameters<typeof text>[1]) {
  const { key: full, fallbackKeys } = key(name);
  return text(full, { ...options, fallbackKeys });
}

function flagSetting(name: string, options: Parameters<typeof flag>[1]) {
  const { key: full, fallbackKeys } = key(name);
  return flag(full, { ...options, fallbackKeys });
}

/** The schema registry: where it is, who asks it, and what is remembered of its answers. */
export const registry: Group<RegistryConfig> = {
  urls: list(`${PREFIX}url`, {
    description: 'Schema registry, or several addresses of it; empty: none, and formats with schemas are refused.',
    defaultValue: ['http://localhost:8081'],
    fallbackKeys: OTHER_PREFIXES.map((prefix) => `${prefix}${PREFIX}url`),
  }),
  credentialsSource: choice(key('basic.auth.credentials.source').key, {
    description:
      "Where user and password for it stand: in its URL, in `…user.info`, or in the Kafka client's JAAS text.",
    values: ['url', 'user_info', 'sasl_inherit'],
    defaultValue: 'url',
    fallbackKeys: key('basic.auth.credentials.source').fallbackKeys,
  }),
  userInfo: textSetting('basic.auth.user.info', { description: 'USER:PASSWORD for it.', secret: true }),
  jaasConfig: text(`${PREFIX}sasl.jaas.config`, {
    description: "JAAS text of `sasl_inherit`, in place of the Kafka client's.",
    secret: true,
  }),
  bearerSource: choice(key('bearer.auth.credentials.source').key, {
    description: 'Where a bearer token for it comes from; empty: none is sent.',
    values: ['', 'static_token', 'oauthbearer'],
    defaultValue: '',
    fallbackKeys: key('bearer.auth.credentials.source').fallbackKeys,
  }),
  bearerToken: textSetting('bearer.auth.token', { description: 'The token of `static_token`.', secret: true }),
  tokenEndpoint: textSetting('bearer.auth.issuer.endpoint.url', {
    description: 'Where `oauthbearer` gets its tokens (client credentials).',
  }),
  clientId: textSetting('bearer.auth.client.id', { description: 'The client of `oauthbearer`.' }),
  clientSecret: textSetting('bearer.auth.client.secret', { description: 'Its secret.', secret: true }),
  scope: textSetting('bearer.auth.scope', { description: 'The scope that it asks for.' }),
  keySubjectStrategy: textSetting('key.subject.name.strategy', {
    description:
      'What the subjects of keys are called: TopicNameStrategy, RecordNameStrategy, TopicRecordNameStrategy.',
    defaultValue: 'TopicNameStrategy',
  }),
  valueSubjectStrategy: textSetting('value.subject.name.strategy', {
    description: 'The same for values.',
    defaultValue: 'TopicNameStrategy',
  }),
  normalize: flagSetting('normalize.schemas', {
    description: 'The registry compares schemas in their normal form.',
    defaultValue: false,
  }),
  autoRegister: flagSetting('auto.register.schemas', {
    description: 'A schema that comes as text is registered, if it is not; false: it must be there (42207).',
    defaultValue: true,
  }),
  useLatestVersion: flagSetting('use.latest.version', {
    description: 'Records that come with a schema as text are written with the latest version of its subject.',
    defaultValue: false,
  }),
  connectTimeoutMs: milliseconds(`${PREFIX}http.connect.timeout.ms`, {
    description: 'How long connecting to the registry may take.',
    defaultValue: 2000,
  }),
  requestTimeoutMs: milliseconds(`${PREFIX}http.read.timeout.ms`, {
    description: 'How long one exchange with it may take.',
    defaultValue: 5000,
  }),
  retriesMax: integer(`${PREFIX}max.retries`, {
    description: 'How often all of its addresses are asked again when none answers.',
    defaultValue: 3,
    min: 0,
    max: 100,
  }),
  retryWaitMs: milliseconds(`${PREFIX}retries.wait.ms`, {
    description: 'How long is waited before the first repetition, at most; the wait doubles with each.',
    defaultValue: 200,
  }),
  retryMaxWaitMs: milliseconds(`${PREFIX}retries.max.wait.ms`, {
    description: 'The longest of those waits.',
    defaultValue: 2000,
  }),
  callTimeoutMs: milliseconds('sluice.schema.registry.timeout.ms', {
    description: 'How long a question to it may take with all its repetitions; then 42207, or 40801 for a read.',
    defaultValue: 10_000,
  }),
  callsMax: integer('sluice.schema.registry.calls.max', {
    description: 'Questions to it under way; one more fails at once, as if it did not answer.',
    defaultValue: 256,
    min: 1,
    max: 100_000,
  }),
  schemaMaxBytes: integer('sluice.schema.max.bytes', {
    description: 'Size of a schema, beyond which it is refused: 42205, or 40801 for a read.',
    defaultValue: MIB,
    min: 1024,
    max: 64 * MIB,
  }),
  cacheMax: integer('sluice.schema.cache.max', {
    description: 'Schemas that are kept ready; those that were used longest ago are forgotten first.',
    defaultValue: 1000,
    min: 10,
    max: 1_000_000,
  }),
  cacheMaxBytes: integer('sluice.schema.cache.max.bytes', {
    description: 'Memory of those schemas, by estimate: a hundred times their texts.',
    defaultValue: 256 * MIB,
    min: MIB,
    max: 1_000_000_000_000,
  }),
};

/** Keys of the registry's own TLS, which are read with those of the Kafka clients: the later ones win (contract D.2). */
const TLS_PREFIXES = ['', 'client.', 'producer.', 'consumer.'].map((prefix) => `${prefix}${PREFIX}ssl.`);

/** @returns the key as Kafka's clients have it, `ssl.…`, and which of the prefixes it stood under; undefined for another key */
export function registryTlsKey(name: string): { readonly name: string; readonly rank: number } | undefined {
  const rank = TLS_PREFIXES.findIndex((prefix) => name.startsWith(prefix));
  return rank < 0 ? undefined : { name: name.slice((TLS_PREFIXES[rank] as string).length - 'ssl.'.length), rank };
}
