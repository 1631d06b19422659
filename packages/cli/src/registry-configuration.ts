import { type RegistryIdentity, translateRegistryIdentity } from '@sluice/kafka/client-settings';
import type { Config } from '@sluice/runtime';
import { isRegistryUrl, type SubjectNameStrategy, subjectNameStrategy } from '@sluice/schema/settings';

/** Who this server is for the registry. */
export function registryIdentity({ registry, registryKeys, clientKeys, kafka }: Config): RegistryIdentity {
  const { tokenEndpoint: endpoint, clientId, clientSecret, scope } = registry;
  return translateRegistryIdentity({
    tlsKeys: registryKeys,
    login:
      registry.credentialsSource === 'sasl_inherit'
        ? { clientKeys: clientKeys.client, jaasConfig: registry.jaasConfig }
        : undefined,
    oauth:
      registry.bearerSource === 'oauthbearer'
        ? { endpoint, clientId, clientSecret, scope, timeoutMs: kafka.connectTimeoutMs }
        : undefined,
  });
}

/** A name as Confluent's files have it, with Java's package in front or without. */
export function strategyOf(name: string): SubjectNameStrategy | undefined {
  return subjectNameStrategy(name) ?? subjectNameStrategy(`io.confluent.kafka.serializers.subject.${name}`);
}

/** What is wrong with what is said about the registry, secrets left out. */
export function registryProblems({ registry }: Config): string[] {
  const needs: readonly (readonly [holds: boolean, problem: string])[] = [
    [
      registry.urls.every(isRegistryUrl),
      'schema.registry.url: a value is not allowed; allowed is http://HOST:PORT/PATH or https://…, comma-separated',
    ],
    [
      registry.credentialsSource !== 'user_info' || registry.userInfo.includes(':'),
      'schema.registry.basic.auth.user.info: the value is not allowed; USER_INFO needs USER:PASSWORD',
    ],
    [
      registry.bearerSource !== 'static_token' || registry.bearerToken !== '',
      'schema.registry.bearer.auth.token: nothing is set; STATIC_TOKEN needs a token',
    ],
    [
      registry.bearerSource !== 'oauthbearer' ||
        (URL.canParse(registry.tokenEndpoint) && registry.clientId !== '' && registry.clientSecret !== ''),
      'schema.registry.bearer.auth.issuer.endpoint.url: OAUTHBEARER needs a URL, and a client id and secret beside it',
    ],
    ...strategies(registry).map(
      ([key, name]) =>
        [
          strategyOf(name) !== undefined,
          `${key}: '${name}' is not allowed; allowed is one of TopicNameStrategy, RecordNameStrategy, TopicRecordNameStrategy`,
        ] as const,
    ),
  ];
  return needs.filter(([holds]) => !holds).map(([, problem]) => problem);
}

function strategies(registry: Config['registry']): readonly (readonly [key: string, name: string])[] {
  return [
    ['schema.registry.key.subject.name.strategy', registry.keySubjectStrategy],
    ['schema.registry.value.subject.name.strategy', registry.valueSubjectStrategy],
  ];
}
