import { ConfigError } from '@sluice/runtime';
import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../src/configuration.ts';

const BROKER = 'bootstrap.servers=localhost:9092';

function problemsOf(...set: readonly string[]): readonly string[] {
  try {
    loadConfiguration({ set: [BROKER, ...set], environment: {} });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('what is said about the schema registry', () => {
  it.each([
    [['schema.registry.url=localhost:8081'], /^schema\.registry\.url: a value is not allowed/],
    [['schema.registry.url=http://a:1,ftp://b'], /^schema\.registry\.url: a value is not allowed/],
    [
      ['schema.registry.basic.auth.credentials.source=USER_INFO', 'schema.registry.basic.auth.user.info=hunter2'],
      /^schema\.registry\.basic\.auth\.user\.info: the value is not allowed; USER_INFO needs USER:PASSWORD$/,
    ],
    [
      ['schema.registry.basic.auth.credentials.source=FILE'],
      /'FILE' is not allowed; allowed is one of url, user_info, sasl_inherit$/,
    ],
    [['schema.registry.bearer.auth.credentials.source=STATIC_TOKEN'], /STATIC_TOKEN needs a token$/],
    [['schema.registry.bearer.auth.credentials.source=OAUTHBEARER'], /OAUTHBEARER needs a URL/],
    [
      ['schema.registry.value.subject.name.strategy=Mine'],
      /'Mine' is not allowed; allowed is one of TopicNameStrategy/,
    ],
    [
      ['schema.registry.ssl.truststore.location=/nowhere.p12'],
      /^schema\.registry\.ssl\.truststore\.location: .*cannot be read/,
    ],
  ])('stops the start with %j', (set, problem) => {
    const problems = problemsOf(...set);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toContain('hunter2');
  });

  it.each([
    [['schema.registry.url=']],
    [['schema.registry.url=https://u:p@a/path,http://b:81']],
    [['schema.registry.key.subject.name.strategy=io.confluent.kafka.serializers.subject.RecordNameStrategy']],
    [['schema.registry.value.subject.name.strategy=TopicRecordNameStrategy']],
    [['schema.registry.basic.auth.credentials.source=USER_INFO', 'schema.registry.basic.auth.user.info=u:p:w']],
  ])('may be %j', (set) => {
    expect(problemsOf(...set)).toEqual([]);
  });
});
