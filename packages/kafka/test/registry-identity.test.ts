import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { type RegistryIdentityOptions, translateRegistryIdentity } from '../src/registry-identity.ts';

function identityOf(options: Partial<RegistryIdentityOptions>) {
  return translateRegistryIdentity({
    tlsKeys: {},
    login: undefined,
    oauth: undefined,
    readFile: () => Buffer.from(rootCertificates[0] ?? ''),
    ...options,
  });
}

const JAAS = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p w";';

describe('who the proxy is for a schema registry', () => {
  it('is nobody unless it is told', () => {
    expect(identityOf({})).toEqual({ tls: {}, login: undefined, token: undefined, problems: [], warnings: [] });
  });

  it('has the stores of schema.registry.ssl', () => {
    const { tls, problems } = identityOf({
      tlsKeys: { 'ssl.truststore.location': '/ca.pem', 'ssl.endpoint.identification.algorithm': '' },
    });
    expect(problems).toEqual([]);
    expect(tls.ca).toContain('BEGIN CERTIFICATE');
    expect(tls.checkServerIdentity).toBeTypeOf('function');
  });

  it('says which file cannot be used, by its own key', () => {
    const { problems } = identityOf({
      tlsKeys: { 'ssl.keystore.location': '/x.jks' },
      readFile: () => Buffer.from('x'),
    });
    expect(problems).toEqual(["schema.registry.ssl.keystore.location: '/x.jks' is neither a PKCS12 nor a PEM file"]);
  });

  it('says which key has no effect', () => {
    expect(identityOf({ tlsKeys: { 'ssl.provider': 'x' } }).warnings).toEqual([
      expect.stringMatching(/^schema\.registry\.ssl\.provider has no effect: /),
    ]);
  });

  it('takes the login of the Kafka clients when it is told to (SASL_INHERIT)', () => {
    const clientKeys = { 'sasl.jaas.config': JAAS };
    expect(identityOf({ login: { clientKeys, jaasConfig: '' } }).login).toEqual({ username: 'u', password: 'p w' });
    expect(identityOf({}).login).toBeUndefined();
  });

  it('takes one that is set for the registry alone before it', () => {
    const clientKeys = { 'sasl.jaas.config': JAAS };
    const jaasConfig = 'x required username="own" password="p";';
    expect(identityOf({ login: { clientKeys, jaasConfig } }).login).toEqual({ username: 'own', password: 'p' });
    expect(identityOf({ login: { clientKeys, jaasConfig: 'x required;' } }).problems).toEqual([
      expect.stringMatching(/ SASL_INHERIT, but schema\.registry\.sasl\.jaas\.config has no username/),
    ]);
  });

  it.each([
    [{}, /client\.sasl\.jaas\.config is not set$/],
    [{ 'sasl.jaas.config': 'x required;' }, /has no username and password$/],
    [{ 'sasl.jaas.config': 'x required secret' }, /cannot be read/],
  ])('says why there is no login to take: %j', (clientKeys, problem) => {
    const { problems } = identityOf({ login: { clientKeys, jaasConfig: '' } });
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toContain('secret');
  });
});
