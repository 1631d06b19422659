import { constants } from 'node:crypto';
import type { Agent } from 'node:http';
import { type AgentOptions, type RequestOptions, Agent as SecureAgent } from 'node:https';
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from 'node:tls';
import { ConfigError } from './config-error.ts';
import { FollowedFiles, type Told } from './followed-files.ts';
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

/**
 * TLS between the nodes of a cluster, at both ends: a node shows its certificate, and believes whoever shows one of the
 * same authorities. Names in it are not looked at: a pod's address is another each time, and the authorities are the
 * cluster's own. Which node and which life of it is meant says the request (`x-sluice-target`).
 */
export class PeerTls {
  readonly #files: FollowedFiles<TlsMaterial>;

  private constructor(files: FollowedFiles<TlsMaterial>) {
    this.#files = files;
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
    const told = FollowedFiles.read({
      look: () => JSON.stringify(readTlsTexts(files)),
      load: () => load(files),
      words: {
        refused: 'The files of TLS between nodes cannot be used; what they held before is.',
        renewed: 'The files of TLS between nodes were renewed.',
      },
      describe: ({ validTo }) => ({ validTo }),
    });
    if ('problems' in told) throw new ConfigError(told.problems);
    return new PeerTls(told.value);
  }

  /** What the internal listener is made with. */
  get serverOptions(): PeerServerTls {
    return optionsOf(this.#files.current);
  }

  /** Called each time that other files are used from now on. */
  onRenewed(listener: (options: PeerServerTls) => void): void {
    this.#files.onRenewed((material) => listener(optionsOf(material)));
  }

  /** Looks at the files now and then, and takes up what was renewed; what cannot be used is told once, and not used. */
  follow(log: Logger, options: { readonly intervalMs?: number } = {}): void {
    this.#files.follow(log, options);
  }

  stop(): void {
    this.#files.stop();
  }

  /** Makes connections to other nodes. */
  agent(options: AgentOptions): Agent {
    return new PeerAgent(() => this.#files.current.context, options);
  }
}

function optionsOf({ cert, key, ca }: TlsMaterial): PeerServerTls {
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

function load(files: TlsFiles): Told<TlsMaterial> {
  const read = readTlsTexts(files);
  return 'problems' in read ? read : checkTlsTexts(read.value, files, Date.now());
}
