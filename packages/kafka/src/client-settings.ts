import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { AdminOptions } from '@platformatic/kafka';
import { Findings, MergedKeys } from './client-findings.ts';
import {
  type ClientKind,
  type ConfValue,
  type JavaKey,
  javaKeys,
  requestTimeoutKey,
  type Target,
  unusedJavaKey,
  type ValueRule,
} from './client-keys.ts';
import { type SaslSettings, saslKeys, translateSasl } from './client-sasl.ts';
import { type ReadFile, type TlsSettings, tlsKeys, translateTls } from './client-tls.ts';
import { canonicalNames, librdkafkaScope } from './librdkafka-keys.ts';
import type { TokenSource } from './oauth-token.ts';

export { type TranslatedListenerIdentity, translateListenerIdentity } from './listener-identity.ts';
export { type RegistryIdentity, translateRegistryIdentity } from './registry-identity.ts';

type Keys = Readonly<Record<string, string>>;

export interface ClientSettingsOptions {
  /** HOST:PORT, comma-separated. */
  readonly bootstrapServers: string;
  /** The user's keys, prefix stripped; those of a kind win over those of `client`. */
  readonly keys: { readonly client: Keys; readonly producer: Keys; readonly consumer: Keys; readonly admin: Keys };
  /** A ready token for SASL OAUTHBEARER; empty for none. */
  readonly oauthbearerToken: string;
  /** Longest wait for a token from an end point. */
  readonly tokenTimeoutMs: number;
  /** For stores and certificates; from the file system by default. */
  readonly readFile?: ReadFile;
}

/** Settings of a node-rdkafka client: `global` is its constructor's first argument, `topic` the second. */
export interface LibrdkafkaSettings {
  readonly global: Readonly<Record<string, ConfValue>>;
  readonly topic: Readonly<Record<string, ConfValue>>;
  /** For OAUTHBEARER: the client is given a token before it connects, and each later one. */
  readonly tokens: TokenSource | undefined;
}

/** Settings of the client for administration, complete. */
export type AdminSettings = Pick<
  AdminOptions,
  'clientId' | 'bootstrapBrokers' | 'tls' | 'tlsServerName' | 'sasl' | 'requestTimeout' | 'connectTimeout'
>;

export interface ClientSettings {
  readonly producer: LibrdkafkaSettings & {
    /** The same cluster and identity, for the client that speaks the protocol itself. */
    readonly exact: AdminSettings;
  };
  readonly consumer: LibrdkafkaSettings;
  readonly admin: AdminSettings;
  /** What stops the start: each names key, value and what is allowed. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

interface Conf {
  readonly global: Record<string, ConfValue>;
  readonly topic: Record<string, ConfValue>;
}

const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];
const IDEMPOTENT_IN_FLIGHT_MAX = 5;
const DEFAULT_CLIENT_ID = 'sluice';

/**
 * Translates Java's client keys into the settings of the client libraries. Nothing is connected; files named by the
 * keys are read, so that a missing one is found at the start.
 */
export function translateClientSettings(options: ClientSettingsOptions): ClientSettings {
  const findings = new Findings();
  const producer = translateLibrdkafka('producer', options, findings);
  settleIdempotence(producer, findings);
  const consumer = translateLibrdkafka('consumer', options, findings);
  const admin = translateAdmin(options, findings);
  return {
    producer: { ...producer.conf, tokens: producer.tokens, exact: producer.connection },
    consumer: { ...withJavaDefaults(consumer.conf), tokens: consumer.tokens },
    admin,
    problems: findings.problems,
    warnings: findings.warnings,
  };
}

interface Translation {
  readonly conf: Conf;
  readonly keys: MergedKeys;
  readonly tokens: TokenSource | undefined;
  readonly connection: AdminSettings;
}

function translateLibrdkafka(kind: ClientKind, options: ClientSettingsOptions, findings: Findings): Translation {
  const keys = new MergedKeys([
    ['client', options.keys.client],
    [kind, options.keys[kind]],
  ]);
  const security = translateSecurity(keys, findings, options);
  const conf: Conf = {
    global: { 'metadata.broker.list': brokers(keys, options), 'client.id': DEFAULT_CLIENT_ID, ...security.conf },
    topic: {},
  };
  for (const name of keys.names()) translateKey(kind, name, { keys, findings, conf });
  const connection = connectionSettings(keys, security, brokers(keys, options).split(','));
  return { conf, keys, tokens: security.sasl?.tokens, connection };
}

/** To whom, and as whom. */
function connectionSettings(keys: MergedKeys, { tls, sasl }: Security, servers: string[]): AdminSettings {
  return {
    clientId: keys.first('client.id')?.value ?? DEFAULT_CLIENT_ID,
    bootstrapBrokers: servers,
    ...(tls === undefined ? {} : { tls: tls.admin, tlsServerName: servers.every(hasHostName) }),
    ...(sasl?.admin === undefined ? {} : { sasl: sasl.admin }),
  };
}

interface KeyContext {
  readonly keys: MergedKeys;
  readonly findings: Findings;
  readonly conf: Conf;
}

function translateKey(kind: ClientKind, name: string, context: KeyContext): void {
  const { keys, conf } = context;
  if (name === 'bootstrap.servers' || name === 'security.protocol' || tlsKeys.has(name) || saslKeys.has(name)) return;
  const java = name === 'request.timeout.ms' ? requestTimeoutKey[kind] : ownEntry(javaKeys, name);
  const scope = librdkafkaScope(kind, name);
  if (java?.clients.includes(kind) === true) {
    applyJavaKey(java, name, context);
  } else if (scope !== undefined) {
    conf[scope][canonicalNames[name] ?? name] = keys.get(name) ?? '';
  } else {
    explainUnused(kind, name, context, java !== undefined);
  }
}

/** Says why a key does nothing, unless it stands under `client.` and another kind of client takes it. */
function explainUnused(kind: ClientKind, name: string, { keys, findings }: KeyContext, isJava: boolean): void {
  const reason = unusedJavaKey(name);
  const others: readonly ClientKind[] = ['producer', 'consumer', 'admin'];
  const elsewhere = isJava || others.some((other) => librdkafkaScope(other, name) !== undefined);
  if (reason !== undefined) findings.noEffect(keys.label(name), reason);
  else if (/^(?:ssl|sasl)\./.test(name))
    findings.noEffect(keys.label(name), 'the client libraries have no such setting');
  else if (!elsewhere) findings.unknown(keys.label(name));
  else if (keys.prefix(name) !== 'client')
    findings.noEffect(keys.label(name), `it is not a setting of ${kind} clients`);
}

function applyJavaKey(java: JavaKey, name: string, { keys, findings, conf }: KeyContext): void {
  const label = keys.label(name);
  const text = keys.get(name) ?? '';
  const value = readValue(java.rule, text);
  if (value === undefined) {
    findings.refuse(label, text, allowedBy(java.rule));
    return;
  }
  const codec = (keys.get('compression.type') ?? 'none').toLowerCase();
  if (/^compression\.\w+\.level$/.test(name) && name !== `compression.${codec}.level`) {
    findings.noEffect(label, `compression.type is ${codec}`);
    return;
  }
  for (const target of java.targets) conf[target.scope][target.name] = fit(target, value, label, findings);
}

/** Into the bounds of the client library, which are sometimes narrower than Java's. */
function fit(target: Target, value: ConfValue, label: string, findings: Findings): ConfValue {
  if (typeof value !== 'number') return value;
  const converted = target.convert?.(value) ?? value;
  const fitted = Math.min(Math.max(converted, target.min ?? converted), target.max ?? converted);
  if (fitted !== converted) {
    findings.warning(`${label}: ${value} is beyond the client library's bounds; ${target.name}=${fitted} is used`);
  }
  return fitted;
}

function readValue(rule: ValueRule, text: string): ConfValue | undefined {
  switch (rule.kind) {
    case 'text':
      return text;
    case 'flag':
      return { true: true, false: false }[text.toLowerCase()];
    case 'whole': {
      const value = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      return value >= rule.min && value <= rule.max ? value : undefined;
    }
    case 'word':
      return ownEntry(rule.words, text) ?? ownEntry(rule.words, text.toLowerCase());
    case 'words': {
      const words = text.split(',').map((part) => ownEntry(rule.words, part.trim()));
      return words.includes(undefined) ? undefined : words.join(',');
    }
    default:
      return rule satisfies never;
  }
}

function allowedBy(rule: ValueRule): string {
  switch (rule.kind) {
    case 'text':
      return 'any text';
    case 'flag':
      return 'true or false';
    case 'whole':
      return `a whole number from ${rule.min} to ${rule.max}`;
    case 'word':
      return `one of ${Object.keys(rule.words).join(', ')}`;
    case 'words':
      return `a comma-separated list of ${Object.keys(rule.words).join(', ')}`;
    default:
      return rule satisfies never;
  }
}

interface Security {
  readonly conf: Readonly<Record<string, ConfValue>>;
  readonly tls: TlsSettings | undefined;
  readonly sasl: SaslSettings | undefined;
}

function translateSecurity(keys: MergedKeys, findings: Findings, options: ClientSettingsOptions): Security {
  const given = keys.get('security.protocol') ?? 'PLAINTEXT';
  const protocol = given.toUpperCase();
  if (!protocols.includes(protocol))
    findings.refuse(keys.label('security.protocol'), given, `one of ${protocols.join(', ')}`);
  const isTls = protocol.endsWith('SSL');
  const isSasl = protocol.startsWith('SASL_');
  for (const name of keys.names()) {
    const idle = (tlsKeys.has(name) && !isTls) || (saslKeys.has(name) && !isSasl);
    if (idle) findings.noEffect(keys.label(name), `security.protocol is ${protocol}`);
  }
  const tls = isTls ? translateTls(keys, findings, options.readFile ?? readFileSync) : undefined;
  const sasl = isSasl ? translateSasl(keys, findings, options) : undefined;
  return { conf: { 'security.protocol': protocol.toLowerCase(), ...tls?.conf, ...sasl?.conf }, tls, sasl };
}

function translateAdmin(options: ClientSettingsOptions, findings: Findings): AdminSettings {
  const keys = new MergedKeys([
    ['client', options.keys.client],
    ['admin', options.keys.admin],
  ]);
  const security = translateSecurity(keys, findings, options);
  const conf: Conf = { global: {}, topic: {} };
  for (const name of keys.names()) translateKey('admin', name, { keys, findings, conf });
  const requestTimeout = conf.global['socket.timeout.ms'];
  const connectTimeout = conf.global['socket.connection.setup.timeout.ms'];
  return {
    ...connectionSettings(keys, security, brokers(keys, options).split(',')),
    ...(typeof requestTimeout === 'number' ? { requestTimeout } : {}),
    ...(typeof connectTimeout === 'number' ? { connectTimeout } : {}),
  };
}

/** The name of the server is sent in the TLS greeting (brokers behind a router need it), which addresses may not be. */
function hasHostName(server: string): boolean {
  return isIP(server.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) === 0;
}

function brokers(keys: MergedKeys, options: ClientSettingsOptions): string {
  return keys.first('bootstrap.servers')?.value.replace(/[A-Za-z_]+:\/\//g, '') ?? options.bootstrapServers;
}

/**
 * Idempotence is on unless it is turned off. As in Java, a setting that rules it out turns it off with a warning, and
 * is a mistake beside an explicit `enable.idempotence=true`.
 */
function settleIdempotence({ conf, keys }: Translation, findings: Findings): void {
  const asked = conf.global['enable.idempotence'];
  if (asked === false) return;
  const inFlight = Number(conf.global['max.in.flight.requests.per.connection'] ?? 1);
  const conflicts = [
    ['acks', Number(conf.topic['acks'] ?? -1) !== -1 && conf.topic['acks'] !== 'all'],
    ['retries', Number(conf.global['retries'] ?? 1) === 0],
    ['max.in.flight.requests.per.connection', inFlight > IDEMPOTENT_IN_FLIGHT_MAX],
  ] as const;
  const names = conflicts.filter(([, conflict]) => conflict).map(([name]) => keys.label(name));
  if (names.length > 0 && asked === true) {
    findings.problem(
      `${keys.label('enable.idempotence')}: 'true' does not go with ${names.join(', ')}; allowed is false`,
    );
  } else if (names.length > 0) {
    findings.warning(`enable.idempotence is off because of ${names.join(', ')}: a retry may write a record twice`);
  }
  conf.global['enable.idempotence'] = names.length === 0;
}

/** Where librdkafka's defaults would show on the wire: Java's consumer reads records of open transactions, and checks CRCs. */
function withJavaDefaults({ global, topic }: Conf): Conf {
  const settled: Record<string, ConfValue> = { 'isolation.level': 'read_uncommitted', 'check.crcs': true, ...global };
  const fetchMax = settled['fetch.max.bytes'];
  // librdkafka refuses a fetch.max.bytes below message.max.bytes, which is about what it sends.
  if (typeof fetchMax === 'number' && settled['message.max.bytes'] === undefined && fetchMax < 1_000_000) {
    settled['message.max.bytes'] = fetchMax;
  }
  return { global: settled, topic };
}

function ownEntry<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
