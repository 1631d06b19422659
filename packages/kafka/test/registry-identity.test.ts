import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { type RegistryIdentityOptions, translateRegistryIdentity } from '../src/registry-identity.ts';

function identityOf(options: Partial<RegistryIdentityOptions>) {
  return translateRegistryIdentity({
    tlsKeys: {},
    clientKeys: {},
    inheritsLogin: false,
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

  it('has the stores of schema.registry.ssl, and not those of the Kafka clients', () => {
    const { tls, problems } = identityOf({
      tlsKeys: { 'ssl.truststore.location': '/ca.pem', 'ssl.endpoint.identification.algorithm': '' },
      clientKeys: { 'ssl.truststore.location': '/other.pem' },
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
    expect(identityOf({ clientKeys, inheritsLogin: true }).login).toEqual({ username: 'u', password: 'p w' });
    expect(identityOf({ clientKeys }).login).toBeUndefined();
  });

  it.each([
    [{}, /client\.sasl\.jaas\.config is not set$/],
    [{ 'sasl.jaas.config': 'x required;' }, /has no username and password$/],
    [{ 'sasl.jaas.config': 'x required secret' }, /cannot be read/],
  ])('says why there is no login to take: %j', (clientKeys, problem) => {
    const { problems } = identityOf({ clientKeys, inheritsLogin: true });
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toContain('secret');
  });
});
