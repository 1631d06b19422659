import { loadConfig } from '@sluice/runtime';
import { describe, expect, it } from 'vitest';

function load(properties: Readonly<Record<string, string>>) {
  return loadConfig({ properties: new Map(Object.entries({ 'bootstrap.servers': 'localhost:9092', ...properties })) });
}

describe('the settings of the schema registry', () => {
  it('are the ones of Confluent, and a registry on this machine by default', () => {
    expect(load({}).config.registry.urls).toEqual(['http://localhost:8081']);
    expect(load({ 'schema.registry.url': '' }).config.registry.urls).toEqual([]);
    const { config, warnings } = load({
      'schema.registry.url': 'http://a:1, http://b:2/path',
      'schema.registry.basic.auth.credentials.source': 'USER_INFO',
      'schema.registry.basic.auth.user.info': 'u:p',
      'schema.registry.ssl.truststore.location': '/x.p12',
    });
    expect(config.registry).toMatchObject({
      urls: ['http://a:1', 'http://b:2/path'],
      credentialsSource: 'user_info',
      userInfo: 'u:p',
    });
    expect(config.registryKeys).toEqual({ 'ssl.truststore.location': '/x.p12' });
    expect(warnings).toEqual([]);
  });

  it('are found under the prefixes of the Kafka clients too, which do not get them (contract D.2)', () => {
    const { config, warnings } = load({
      'client.schema.registry.url': 'http://a:1',
      'producer.value.subject.name.strategy': 'io.confluent.kafka.serializers.subject.RecordNameStrategy',
      'consumer.basic.auth.user.info': 'u:p',
      'client.schema.registry.basic.auth.credentials.source': 'USER_INFO',
      'consumer.fetch.max.bytes': '1',
      'client.schema.registry.ssl.truststore.location': '/of-clients',
      'schema.registry.ssl.truststore.location': '/own',
    });
    expect(config.registry).toMatchObject({
      urls: ['http://a:1'],
      valueSubjectStrategy: 'io.confluent.kafka.serializers.subject.RecordNameStrategy',
      credentialsSource: 'user_info',
      userInfo: 'u:p',
    });
    expect(config.registryKeys).toEqual({ 'ssl.truststore.location': '/of-clients' });
    expect(config.clientKeys).toMatchObject({ client: {}, producer: {}, consumer: { 'fetch.max.bytes': '1' } });
    expect(warnings).toEqual([]);
  });
});
