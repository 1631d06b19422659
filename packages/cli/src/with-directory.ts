import { DirectoryUnavailable } from '@sluice/directory';
import { RedisDirectory } from '@sluice/directory/redis';
import type { Config } from '@sluice/runtime';
import { UnknownNode } from './cluster-view.ts';
import { CommandFailed } from './command-failed.ts';
import { type ConfigurationInput, loadOperatorConfiguration } from './configuration.ts';
import { redisConnection } from './redis-connection.ts';

export interface DirectoryAccess {
  readonly config: Config;
  readonly directory: RedisDirectory;
}

const CONNECT_DEADLINE_MS = 3000;
/** A person waits longer for an answer than a request does. */
const COMMAND_TIMEOUT_MS = 3000;

/**
 * Does something with the directory that the configuration names, and lets it go again.
 *
 * @throws ConfigError; CommandFailed when no Redis is set, or it does not answer, or the cluster has no such node
 */
export async function withDirectory<T>(
  input: ConfigurationInput,
  work: (access: DirectoryAccess) => Promise<T>,
): Promise<T> {
  const { config } = loadOperatorConfiguration(input);
  if (config.cluster.redisUrl === '') {
    throw new CommandFailed(
      'sluice.redis.url is not set: name the configuration file of a node (--config FILE), or --set sluice.redis.url=redis://HOST:6379',
    );
  }
  const connection = new Connection();
  const directory = new RedisDirectory({
    ...redisConnection(config),
    // For what is written, which a command that looks does not.
    retentionMs: config.consumer.instanceTimeoutMs,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    onConnection: connection.changed,
  });
  try {
    await connection.made(CONNECT_DEADLINE_MS);
    return await work({ config, directory });
  } catch (error) {
    if (error instanceof UnknownNode || error instanceof DirectoryUnavailable) {
      throw new CommandFailed(error.message, { cause: error });
    }
    throw error;
  } finally {
    await directory.close();
  }
}

/** The first connection to Redis, or why there is none: a person tries again sooner than the client would. */
class Connection {
  readonly #outcome: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (error: CommandFailed) => void = () => undefined;

  constructor() {
    this.#outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // It may fail before anybody waits for it.
    this.#outcome.catch(() => undefined);
  }

  readonly changed = (connected: boolean, error: Error | undefined): void => {
    if (connected) this.#resolve();
    else if (error !== undefined) this.#reject(unreachable(error.message));
  };

  async made(deadlineMs: number): Promise<void> {
    const timer = setTimeout(() => this.#reject(unreachable(`no answer within ${deadlineMs / 1000} s`)), deadlineMs);
    try {
      await this.#outcome;
    } finally {
      clearTimeout(timer);
    }
  }
}

function unreachable(reason: string): CommandFailed {
  return new CommandFailed(`the Redis of sluice.redis.url cannot be reached: ${reason}`);
}
