import { choice, flag, list, type Setting, text } from './setting.ts';

/** What `ssl.*` says about listeners of https. Each key may stand behind `listener.name.NAME.` for one of them. */
export interface ListenerTlsSettings {
  readonly keystoreLocation: Setting<string>;
  readonly keystorePassword: Setting<string>;
  readonly keystoreType: Setting<string>;
  readonly keyPassword: Setting<string>;
  readonly truststoreLocation: Setting<string>;
  readonly truststorePassword: Setting<string>;
  readonly truststoreType: Setting<string>;
  readonly clientAuthentication: Setting<'' | 'none' | 'requested' | 'required'>;
  readonly clientAuth: Setting<boolean>;
  readonly enabledProtocols: Setting<readonly string[]>;
  readonly cipherSuites: Setting<readonly string[]>;
}

/** Source: contract D.3. */
export const listenerTls: ListenerTlsSettings = {
  keystoreLocation: text('ssl.keystore.location', {
    description:
      'File of the certificate and the key of listeners of https, PKCS12 or PEM. Renewed files are taken up.',
  }),
  keystorePassword: text('ssl.keystore.password', { description: 'Password of a PKCS12 file.', secret: true }),
  keystoreType: text('ssl.keystore.type', {
    description: 'PKCS12, PEM or JKS. What the file is tells the file; JKS is refused with the way to convert it.',
    defaultValue: 'JKS',
  }),
  keyPassword: text('ssl.key.password', { description: 'Password of a key in PEM.', secret: true }),
  truststoreLocation: text('ssl.truststore.location', {
    description: 'File of the authorities from which certificates of clients may come, PKCS12 or PEM.',
  }),
  truststorePassword: text('ssl.truststore.password', { description: 'Password of a PKCS12 file.', secret: true }),
  truststoreType: text('ssl.truststore.type', { description: 'As `ssl.keystore.type`.', defaultValue: 'JKS' }),
  clientAuthentication: choice('ssl.client.authentication', {
    description: 'Whether clients are asked for a certificate, or need one; empty: as `ssl.client.auth` says.',
    values: ['', 'none', 'requested', 'required'],
    defaultValue: '',
  }),
  clientAuth: flag('ssl.client.auth', {
    description: 'true: clients need a certificate. `ssl.client.authentication` is the newer key.',
    defaultValue: false,
  }),
  enabledProtocols: list('ssl.enabled.protocols', {
    description: 'Versions of TLS, of TLSv1.2 and TLSv1.3; empty: both. Older ones are not spoken.',
    defaultValue: [],
  }),
  cipherSuites: list('ssl.cipher.suites', {
    description:
      "Cipher suites by their IANA names, as Java's, or by OpenSSL's; empty: those that Node takes for safe.",
    defaultValue: [],
  }),
};

/** Of the keys those that say where certificates are. */
export const STORE_KEYS: readonly string[] = [
  listenerTls.keystoreLocation,
  listenerTls.keystorePassword,
  listenerTls.keystoreType,
  listenerTls.keyPassword,
  listenerTls.truststoreLocation,
  listenerTls.truststorePassword,
  listenerTls.truststoreType,
].map(({ key }) => key);

/** In front of keys that hold for one listener. */
export const LISTENER_PREFIX = 'listener.name.';
