import type { SASLOptions } from '@platformatic/kafka';
import type { Findings, MergedKeys } from './client-findings.ts';
import type { ConfValue } from './client-keys.ts';
import { type LoginModule, parseJaasConfig } from './jaas-config.ts';
import { clientCredentialsTokens, staticTokens, type TokenSource, unsecuredTokens } from './oauth-token.ts';

export interface SaslSettings {
  readonly conf: Readonly<Record<string, ConfValue>>;
  readonly admin: SASLOptions | undefined;
  /** Where the tokens of OAUTHBEARER come from. */
  readonly tokens: TokenSource | undefined;
}

export interface SaslOptions {
  /** A ready token, in place of what the keys say about getting one. */
  readonly oauthbearerToken: string;
  readonly tokenTimeoutMs: number;
}

/** The keys that are read here, Java's and librdkafka's. */
export const saslKeys: ReadonlySet<string> = new Set([
  'sasl.mechanism',
  'sasl.mechanisms',
  'sasl.jaas.config',
  'sasl.username',
  'sasl.password',
  'sasl.oauthbearer.token.endpoint.url',
  'sasl.oauthbearer.client.credentials.client.id',
  'sasl.oauthbearer.client.credentials.client.secret',
  'sasl.oauthbearer.client.id',
  'sasl.oauthbearer.client.secret',
  'sasl.oauthbearer.scope',
]);

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;
type Mechanism = (typeof mechanisms)[number];

const moduleOf: Readonly<Record<Mechanism, string>> = {
  PLAIN: 'PlainLoginModule',
  'SCRAM-SHA-256': 'ScramLoginModule',
  'SCRAM-SHA-512': 'ScramLoginModule',
  OAUTHBEARER: 'OAuthBearerLoginModule',
};

const nothing: SaslSettings = { conf: {}, admin: undefined, tokens: undefined };
const UNSECURED_LIFE_SECONDS = 3600;

/** The identity that the brokers see: mechanism and credentials. */
export function translateSasl(keys: MergedKeys, findings: Findings, options: SaslOptions): SaslSettings {
  const mechanism = readMechanism(keys, findings);
  const module = readModule(keys, findings, mechanism);
  if (mechanism === undefined || module === 'bad') return nothing;
  if (mechanism === 'OAUTHBEARER') return translateOauth(keys, findings, options, module);
  const username = module?.options.get('username') ?? keys.first('sasl.username')?.value;
  const password = module?.options.get('password') ?? keys.first('sasl.password')?.value;
  if (username === undefined || password === undefined) {
    const missing = username === undefined ? 'username' : 'password';
    findings.problem(
      `${keys.label('sasl.jaas.config')}: ${missing} is missing; ${mechanism} needs username="..." password="..."`,
    );
    return nothing;
  }
  return {
    conf: { 'sasl.mechanisms': mechanism, 'sasl.username': username, 'sasl.password': password },
    admin: { mechanism, username, password },
    tokens: undefined,
  };
}

function readMechanism(keys: MergedKeys, findings: Findings): Mechanism | undefined {
  const given = keys.first('sasl.mechanism', 'sasl.mechanisms');
  const found = mechanisms.find((mechanism) => mechanism === given?.value.toUpperCase());
  if (found === undefined) {
    const allowed = mechanisms.join(', ');
    // Java's default is GSSAPI, which the client library for administration does not speak.
    if (given === undefined) findings.problem(`${keys.label('sasl.mechanism')}: nothing is set; allowed is ${allowed}`);
    else findings.refuse(keys.label(given.name), given.value, allowed);
  }
  return found;
}

function readModule(
  keys: MergedKeys,
  findings: Findings,
  mechanism: Mechanism | undefined,
): LoginModule | 'bad' | undefined {
  const jaas = keys.first('sasl.jaas.config');
  if (jaas === undefined) return undefined;
  const label = keys.label('sasl.jaas.config');
  try {
    const module = parseJaasConfig(jaas.value);
    if (mechanism === undefined || module.name === moduleOf[mechanism]) return module;
    findings.problem(`${label}: ${module.name} does not fit ${mechanism}; allowed is ${moduleOf[mechanism]}`);
  } catch (error) {
    findings.problem(`${label}: ${(error as Error).message}`);
  }
  return 'bad';
}

function translateOauth(
  keys: MergedKeys,
  findings: Findings,
  options: SaslOptions,
  module: LoginModule | undefined,
): SaslSettings {
  const tokens = tokenSource(keys, findings, options, module);
  if (tokens === undefined) return nothing;
  return {
    conf: { 'sasl.mechanisms': 'OAUTHBEARER' },
    admin: { mechanism: 'OAUTHBEARER', token: async () => (await tokens.token()).value },
    tokens,
  };
}

function tokenSource(
  keys: MergedKeys,
  findings: Findings,
  options: SaslOptions,
  module: LoginModule | undefined,
): TokenSource | undefined {
  if (options.oauthbearerToken !== '') return staticTokens(options.oauthbearerToken);
  const endpoint = keys.first('sasl.oauthbearer.token.endpoint.url');
  if (endpoint !== undefined) return endpointTokens(keys, findings, { options, module, endpoint: endpoint.value });
  const claims = unsecuredClaims(module);
  if (claims.size > 0) {
    const lifeSeconds = Number(module?.options.get('unsecuredLoginLifetimeSeconds') ?? UNSECURED_LIFE_SECONDS);
    if (lifeSeconds > 0) return unsecuredTokens({ claims: Object.fromEntries(claims), lifeMs: lifeSeconds * 1000 });
    findings.problem(`${keys.label('sasl.jaas.config')}: unsecuredLoginLifetimeSeconds must be a number above 0`);
    return undefined;
  }
  findings.problem(
    `${keys.label('sasl.oauthbearer.token.endpoint.url')}: nothing is set; OAUTHBEARER needs it, or ` +
      'sluice.kafka.oauthbearer.token, or unsecuredLoginStringClaim_sub="..." in sasl.jaas.config',
  );
  return undefined;
}

function endpointTokens(
  keys: MergedKeys,
  findings: Findings,
  given: { readonly options: SaslOptions; readonly module: LoginModule | undefined; readonly endpoint: string },
): TokenSource | undefined {
  const label = keys.label('sasl.oauthbearer.token.endpoint.url');
  if (!URL.canParse(given.endpoint) || !/^https?:$/.test(new URL(given.endpoint).protocol)) {
    findings.refuse(label, given.endpoint, 'an http or https URL');
    return undefined;
  }
  const either = (names: readonly string[], option: string) =>
    keys.first(...names)?.value ?? given.module?.options.get(option);
  const clientId = either(['sasl.oauthbearer.client.credentials.client.id', 'sasl.oauthbearer.client.id'], 'clientId');
  const clientSecret = either(
    ['sasl.oauthbearer.client.credentials.client.secret', 'sasl.oauthbearer.client.secret'],
    'clientSecret',
  );
  if (clientId === undefined || clientSecret === undefined) {
    findings.problem(`${label}: sasl.jaas.config must give clientId="..." and clientSecret="..." for it`);
    return undefined;
  }
  return clientCredentialsTokens({
    endpoint: given.endpoint,
    clientId,
    clientSecret,
    scope: either(['sasl.oauthbearer.scope'], 'scope'),
    timeoutMs: given.options.tokenTimeoutMs,
  });
}

/** Claims of an unsecured token, by the option names of Java's OAuthBearerUnsecuredLoginCallbackHandler. */
function unsecuredClaims(module: LoginModule | undefined): Map<string, unknown> {
  const claims = new Map<string, unknown>();
  for (const [option, value] of module?.options ?? []) {
    const [, kind, name] = /^unsecuredLogin(String|Number|List)Claim_(.+)$/.exec(option) ?? [];
    if (kind === undefined || name === undefined) continue;
    if (kind === 'String') claims.set(name, value);
    if (kind === 'Number') claims.set(name, Number(value));
    // The first character of a list is its delimiter.
    if (kind === 'List') claims.set(name, value === '' ? [] : value.slice(1).split(value.charAt(0)));
  }
  return claims;
}
