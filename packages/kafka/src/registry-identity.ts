import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsConnectionOptions } from 'node:tls';
import { Findings, MergedKeys } from './client-findings.ts';
import { type ReadFile, tlsKeys, translateTls } from './client-tls.ts';
import { parseJaasConfig } from './jaas-config.ts';
import { clientCredentialsTokens } from './oauth-token.ts';

type Keys = Readonly<Record<string, string>>;

export interface RegistryIdentityOptions {
  /** `ssl.*` of the registry, its prefix stripped. */
  readonly tlsKeys: Keys;
  readonly login: InheritedLogin | undefined;
  readonly oauth: OauthClient | undefined;
  readonly readFile?: ReadFile;
}

/** A login in the words of JAAS. */
interface InheritedLogin {
  /** Those of the Kafka clients, whose login it is. */
  readonly clientKeys: Keys;
  /** One that is set for the registry alone; empty for none. */
  readonly jaasConfig: string;
}

interface OauthClient {
  readonly endpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string;
  readonly timeoutMs: number;
}

/** Who this server is for a schema registry, in the terms of Kafka's clients. */
export interface RegistryIdentity {
  readonly tls: TlsConnectionOptions;
  readonly login: { readonly username: string; readonly password: string } | undefined;
  /** A token that is good now. */
  readonly token: (() => Promise<string>) | undefined;
  /** What stops the start. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Nothing is connected; files are read, so that a missing one is found at the start. */
export function translateRegistryIdentity(options: RegistryIdentityOptions): RegistryIdentity {
  const findings = new Findings();
  const keys = new MergedKeys([['schema.registry', options.tlsKeys]]);
  for (const name of keys.names()) {
    if (!tlsKeys.has(name)) findings.noEffect(keys.label(name), 'TLS is done by OpenSSL, which does not know it');
  }
  const { admin: tls } = translateTls(keys, findings, options.readFile ?? readFileSync);
  const login = options.login === undefined ? undefined : inheritedLogin(options.login, findings);
  const tokens = options.oauth === undefined ? undefined : clientCredentialsTokens(options.oauth);
  return {
    tls,
    login,
    token: tokens === undefined ? undefined : async () => (await tokens.token()).value,
    problems: findings.problems,
    warnings: findings.warnings,
  };
}

/** Source: Confluent's SaslBasicAuthCredentialProvider. */
function inheritedLogin({ clientKeys, jaasConfig }: InheritedLogin, findings: Findings): RegistryIdentity['login'] {
  const own: Keys = jaasConfig === '' ? {} : { 'sasl.jaas.config': jaasConfig };
  const keys = new MergedKeys([
    ['client', clientKeys],
    ['schema.registry', own],
  ]);
  const text = keys.first('sasl.jaas.config');
  const label = keys.label('sasl.jaas.config');
  const problem = (reason: string): undefined => {
    findings.problem(`schema.registry.basic.auth.credentials.source: SASL_INHERIT, but ${reason}`);
  };
  if (text === undefined) return problem(`${label} is not set`);
  try {
    const { options } = parseJaasConfig(text.value);
    const [username, password] = [options.get('username'), options.get('password')];
    if (username !== undefined && password !== undefined) return { username, password };
    return problem(`${label} has no username and password`);
  } catch (error) {
    return problem(`${label} cannot be read: ${(error as Error).message}`);
  }
}
