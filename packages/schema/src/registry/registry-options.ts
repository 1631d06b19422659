import type { RegistryTls } from './registry-connection.ts';

/** Sent with each request. Without any, user and password in a registry's URL are. */
export type RegistryCredentials =
  | { readonly username: string; readonly password: string }
  /** A bearer token; a function is asked before each request, and keeps its token itself. */
  | { readonly token: string | (() => Promise<string>) };

export type RegistryOperation = 'schemaById' | 'lookUp' | 'register' | 'version';

/** `refused`: an answer that says no. `broken`: one that is no registry's. `unreachable`: none. */
export type RequestOutcome = 'ok' | 'refused' | 'broken' | 'unreachable';

export interface RegistryClientOptions {
  /** At least one. The next is asked when one fails, and is asked first from then on. */
  readonly urls: readonly string[];
  readonly credentials?: RegistryCredentials | undefined;
  readonly tls?: RegistryTls | undefined;
  /** The registry compares and keeps schemas in their normal form (`normalize.schemas`). */
  readonly normalize?: boolean;
  /** To each URL. */
  readonly connectionsMax?: number;
  /** Calls under way; one more fails at once. */
  readonly callsMax?: number;
  /** `http.connect.timeout.ms` */
  readonly connectTimeoutMs?: number;
  /** One exchange, to the last byte of the answer (`http.read.timeout.ms`). */
  readonly requestTimeoutMs?: number;
  /** One call with all its repetitions. */
  readonly callTimeoutMs?: number;
  /** How often all URLs are asked again (`max.retries`). */
  readonly retriesMax?: number;
  /** `retries.wait.ms` */
  readonly retryWaitMs?: number;
  /** `retries.max.wait.ms` */
  readonly retryMaxWaitMs?: number;
  readonly answerMaxBytes?: number;
  /** Hears of each exchange. */
  readonly onRequest?: (operation: RegistryOperation, outcome: RequestOutcome, seconds: number) => void;
}

/**
 * Shorter than those of Confluent's client, which waits 60 s to connect and 60 s for each part of an answer: an HTTP
 * client waits meanwhile.
 */
export const registryDefaults: Required<Omit<RegistryClientOptions, 'urls' | 'credentials' | 'tls' | 'onRequest'>> = {
  normalize: false,
  connectionsMax: 16,
  callsMax: 256,
  connectTimeoutMs: 2000,
  requestTimeoutMs: 5000,
  callTimeoutMs: 10_000,
  retriesMax: 3,
  retryWaitMs: 200,
  retryMaxWaitMs: 2000,
  answerMaxBytes: 4 * 1024 * 1024,
};
