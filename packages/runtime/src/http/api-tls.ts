import { constants, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { ListenerTls } from '../config.ts';
import { ConfigError } from '../config-error.ts';
import { FollowedFiles, type Told } from '../followed-files.ts';
import type { Logger } from '../logger.ts';

/** What a listener shows, and whose certificates it believes. */
export type ListenerIdentity = Pick<SecureContextOptions, 'pfx' | 'passphrase' | 'key' | 'cert' | 'ca'>;

export interface ApiTlsOptions {
  readonly settings: Omit<ListenerTls, 'stores'>;
  /** The files that `read` reads. */
  readonly files: readonly string[];
  readonly read: () => Told<ListenerIdentity>;
}

/** For `https.createServer`, and for `setSecureContext`. */
export type ApiServerTls = ServerOptions & { readonly requestCert: boolean; readonly rejectUnauthorized: boolean };

/** A client that is slow, or far away; a connection without a request costs as much in clear. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** TLS on one listener of the API. Files that are renewed are taken up; connections that are open go on. */
export class ApiTls {
  readonly #settings: ApiTlsOptions['settings'];
  readonly #files: FollowedFiles<ListenerIdentity>;

  private constructor(settings: ApiTlsOptions['settings'], files: FollowedFiles<ListenerIdentity>) {
    this.#settings = settings;
    this.#files = files;
  }

  /** @throws ConfigError with all that is wrong with the files */
  static read({ settings, files, read }: ApiTlsOptions): ApiTls {
    const told = FollowedFiles.read({
      look: () => digestOf(files),
      load: () => usable(read(), settings),
      words: {
        refused: 'The renewed files of a listener of https cannot be used; what they held before is.',
        renewed: 'The files of a listener of https were renewed.',
      },
      describe: () => ({ files }),
    });
    if ('problems' in told) throw new ConfigError(told.problems);
    return new ApiTls(settings, told.value);
  }

  get serverOptions(): ApiServerTls {
    return optionsOf(this.#files.current, this.#settings);
  }

  /** Called each time that other files are used from now on. */
  onRenewed(listener: (options: ApiServerTls) => void): void {
    this.#files.onRenewed((identity) => listener(optionsOf(identity, this.#settings)));
  }

  follow(log: Logger, options: { readonly intervalMs?: number } = {}): void {
    this.#files.follow(log, options);
  }

  stop(): void {
    this.#files.stop();
  }
}

function optionsOf(identity: ListenerIdentity, settings: ApiTlsOptions['settings']): ApiServerTls {
  const { clientAuthentication: asked, ciphers, minVersion, maxVersion } = settings;
  return {
    ...identity,
    minVersion,
    maxVersion,
    ...(ciphers === '' ? {} : { ciphers }),
    honorCipherOrder: true,
    requestCert: asked !== 'none',
    rejectUnauthorized: asked === 'required',
    // A session that is taken up again would not have the client's certificate looked at again.
    ...(asked === 'none' ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  };
}

/** What each connection will do with it is done once, where somebody reads the reason. */
function usable(told: Told<ListenerIdentity>, settings: ApiTlsOptions['settings']): Told<ListenerIdentity> {
  if ('problems' in told) return told;
  try {
    createSecureContext(optionsOf(told.value, settings));
    return told;
  } catch (error) {
    return {
      problems: [`the files of a listener cannot be used (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`],
    };
  }
}

function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) {
    try {
      hash.update(readFileSync(file));
    } catch (error) {
      hash.update((error as NodeJS.ErrnoException).code ?? 'unknown');
    }
    hash.update('\0');
  }
  return hash.digest('hex');
}
