import { constants } from 'node:crypto';
import type { Agent } from 'node:http';
import { type AgentOptions, type RequestOptions, Agent as SecureAgent } from 'node:https';
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from 'node:tls';
import { ConfigError } from './config-error.ts';
import type { Logger } from './logger.ts';
import {
  asksForTls,
  checkTlsTexts,
  missingTlsFiles,
  readTlsTexts,
  TLS_MIN,
  type TlsFiles,
  type TlsMaterial,
} from './peer-tls-files.ts';

/** For `https.createServer`, and for `setSecureContext`. */
export interface PeerServerTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string[];
  readonly requestCert: true;
  readonly rejectUnauthorized: true;
  readonly minVersion: typeof TLS_MIN;
  readonly secureOptions: number;
  readonly handshakeTimeout: number;
}

/** Longer than a node that is busy, or frozen for a moment, takes; a connection without a request costs as much in clear. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** A renewed certificate lies there for hours before the old one ends. */
const RENEWAL_CHECK_MS = 30_000;

/**
 * TLS between the nodes of a cluster, at both ends: a node shows its certificate, and believes whoever shows one of the
 * same authorities. Names in it are not looked at: a pod's address is another each time, and the authorities are the
 * cluster's own. Which node and which life of it is meant says the request (`x-sluice-target`).
 */
export class PeerTls {
  readonly #files: TlsFiles;
  readonly #listeners: ((options: PeerServerTls) => void)[] = [];
  /** What the files in use held. */
  #used: string;
  #material: TlsMaterial;
  /** What could not be used, and was told. */
  #refused: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(files: TlsFiles, used: string, material: TlsMaterial) {
    this.#files = files;
    this.#used = used;
    this.#material = material;
  }

  /**
   * Undefined where the nodes know each other by the secret alone.
   *
   * @throws ConfigError with all that is wrong with the files
   */
  static read(files: TlsFiles): PeerTls | undefined {
    if (!asksForTls(files)) return undefined;
    const missing = missingTlsFiles(files);
    if (missing.length > 0) throw new ConfigError(missing);
    const { seen, told } = look(files);
    if ('problems' in told) throw new ConfigError(told.problems);
    return new PeerTls(files, seen, told.value);
  }

  /** What the internal listener is made with. */
  get serverOptions(): PeerServerTls {
    const { cert, key, ca } = this.#material;
    return {
      cert,
      key,
      ca: [...ca],
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: TLS_MIN,
      // A session that is taken up again would not have its certificate looked at again.
      secureOptions: constants.SSL_OP_NO_TICKET,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    };
  }

  /** Called each time that other files are used from now on. */
  onRenewed(listener: (options: PeerServerTls) => void): void {
    this.#listeners.push(listener);
  }

  /** Looks at the files now and then, and takes up what was renewed; what cannot be used is told once, and not used. */
  follow(log: Logger, { intervalMs = RENEWAL_CHECK_MS }: { readonly intervalMs?: number } = {}): void {
    this.#timer ??= setInterval(() => this.#renew(log), intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Makes connections to other nodes. */
  agent(options: AgentOptions): Agent {
    return new PeerAgent(() => this.#material.context, options);
  }

  #renew(log: Logger): void {
    const { seen, told } = look(this.#files);
    if (seen === this.#used) return;
    if ('problems' in told) {
      // Between two of the three being written, for one; and what is not valid yet will be.
      if (seen !== this.#refused) {
        log.warn(
          { problems: told.problems },
          'The files of TLS between nodes cannot be used; what they held before is.',
        );
      }
      this.#refused = seen;
      return;
    }
    this.#used = seen;
    this.#refused = undefined;
    this.#material = told.value;
    for (const listener of this.#listeners) listener(this.serverOptions);
    log.info({ validTo: told.value.validTo }, 'The files of TLS between nodes were renewed.');
  }
}

/** Connections of its own kind, so that a request for `https:` cannot be sent over one that is in clear, or the other way. */
class PeerAgent extends SecureAgent {
  readonly #context: () => SecureContext;

  constructor(context: () => SecureContext, options: AgentOptions) {
    // No sessions are kept: each connection is checked anew. No name is asked for: it would be the one in the Host header,
    // which is the client's, and there would be other connections for each.
    super({ ...options, maxCachedSessions: 0, servername: '' });
    this.#context = context;
  }

  override createConnection(options: RequestOptions): TLSSocket {
    const socket = connect({
      ...(options as ConnectionOptions),
      // Not among the options of the agent: it finds its connections by them, and would compare files with each request.
      secureContext: this.#context(),
      rejectUnauthorized: true,
      checkServerIdentity: () => undefined,
    });
    return socket.setNoDelay(true);
  }
}

function look(files: TlsFiles): { readonly seen: string; readonly told: ReturnType<typeof checkTlsTexts> } {
  const read = readTlsTexts(files);
  if ('problems' in read) return { seen: JSON.stringify(read.problems), told: read };
  return { seen: JSON.stringify(read.value), told: checkTlsTexts(read.value, files, Date.now()) };
}
