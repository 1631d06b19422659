import { rm } from 'node:fs/promises';
import { type Certificate, type CertificateAuthority, createAuthority } from './certificates.ts';
import { newKafkaDirectory, startKafka } from './kafka.ts';

const SASL_LISTENER = 'SASL';
const MUTUAL_TLS_LISTENER = 'MTLS';
const MODULES = 'org.apache.kafka.common.security';

/** A user of the broker; may do nothing until an ACL says so. */
interface User {
  readonly name: string;
  readonly password: string;
}

/** Everything a client needs to know; plain data, so that it can be handed to another process. */
export interface SecureKafkaDescription {
  /** Plaintext, for the harness itself: whoever comes in here may do everything (topics, ACLs). */
  readonly bootstrap: string;
  /** SASL_SSL: SCRAM-SHA-256, SCRAM-SHA-512, PLAIN and OAUTHBEARER with unsecured tokens. */
  readonly saslBootstrap: string;
  /** SSL that demands a client certificate; its common name is the user. */
  readonly mutualTlsBootstrap: string;
  /** A super user, known to PLAIN and both SCRAM mechanisms. */
  readonly admin: User;
  /** Known to PLAIN and both SCRAM mechanisms; no rights at first. */
  readonly user: User;
  readonly authorityFile: string;
  readonly trustStoreFile: string;
  readonly storePassword: string;
  /** Of a user named `certified`; no rights at first. */
  readonly clientCertificate: Certificate;
}

export interface SecureKafka {
  readonly description: SecureKafkaDescription;
  /** Ends the broker; removes its data and certificates. */
  readonly stop: () => Promise<void>;
}

const ADMIN: User = { name: 'admin', password: 'admin-password' };
const USER: User = { name: 'alice', password: 'alice-password' };

function saslProperties(): Record<string, string> {
  const prefix = `listener.name.${SASL_LISTENER.toLowerCase()}`;
  const passwords = [ADMIN, USER].map(({ name, password }) => `user_${name}="${password}"`).join(' ');
  const scram = `${MODULES}.scram.ScramLoginModule required;`;
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: 'SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER',
    [`${prefix}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: scram,
    [`${prefix}.plain.sasl.jaas.config`]: `${MODULES}.plain.PlainLoginModule required ${passwords};`,
    [`${prefix}.oauthbearer.sasl.jaas.config`]: `${MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="${ADMIN.name}";`,
  };
}

function tlsProperties(authority: CertificateAuthority, server: Certificate): Record<string, string> {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': server.pemFile,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': authority.certificateFile,
    [`listener.name.${MUTUAL_TLS_LISTENER.toLowerCase()}.ssl.client.auth`]: 'required',
    'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/,DEFAULT',
  };
}

/** SCRAM users are part of the cluster's metadata: they exist from the first moment when added at format time. */
function scramUsers(): string[] {
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) =>
    [ADMIN, USER].flatMap(({ name, password }) => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]),
  );
}

async function startWithCertificates(directory: string): Promise<SecureKafka> {
  const authority = await createAuthority(directory);
  const server = await authority.issue('broker');
  const clientCertificate = await authority.issue('certified');
  const broker = await startKafka({
    // One directory for both: the guard that outlives a killed test run removes the certificates too.
    directory,
    listeners: { [SASL_LISTENER]: 'SASL_SSL', [MUTUAL_TLS_LISTENER]: 'SSL' },
    formatArguments: scramUsers(),
    properties: {
      ...saslProperties(),
      ...tlsProperties(authority, server),
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // Anonymous is who comes in by the plaintext listeners: the broker itself and the harness.
      'super.users': `User:ANONYMOUS;User:${ADMIN.name}`,
    },
  });
  const description: SecureKafkaDescription = {
    bootstrap: broker.bootstrap,
    saslBootstrap: broker.address(SASL_LISTENER),
    mutualTlsBootstrap: broker.address(MUTUAL_TLS_LISTENER),
    admin: ADMIN,
    user: USER,
    authorityFile: authority.certificateFile,
    trustStoreFile: authority.trustStoreFile,
    storePassword: authority.storePassword,
    clientCertificate,
  };
  return { description, stop: broker.stop };
}

/** Starts a broker that lets nobody in without credentials, and nobody do anything without an ACL. */
export async function startSecureKafka(): Promise<SecureKafka> {
  const directory = await newKafkaDirectory();
  try {
    return await startWithCertificates(directory);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}
