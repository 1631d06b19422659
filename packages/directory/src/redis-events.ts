import type { DirectoryEvent } from './directory.ts';
import { instanceOfKey } from './instance-key.ts';
import { Listeners } from './listeners.ts';
import type { RedisClient } from './redis-scripts.ts';

/**
 * What the other nodes announce. Redis delivers such messages at most once and forgets them while a subscriber is away,
 * so they only make things faster: after each reconnect `gap` says that some may be missing.
 */
export class RedisEvents {
  readonly #client: RedisClient;
  readonly #listeners = new Listeners<DirectoryEvent>();

  constructor(client: RedisClient, channel: string) {
    this.#client = client;
    client.on('message', (_channel: string, message: string) => {
      const event = parseEvent(message);
      if (event !== undefined) this.#listeners.emit(event);
    });
    client.on('ready', () => {
      // Subscribed by hand on each connection: the answer is the moment from which nothing is missed.
      client.subscribe(channel).then(
        () => this.#listeners.emit({ type: 'gap' }),
        () => undefined,
      );
    });
    // The connection of the commands tells about the server; this one reconnects by itself.
    client.on('error', () => undefined);
  }

  /** What this process found out by itself. */
  tell(event: DirectoryEvent): void {
    this.#listeners.emit(event);
  }

  watch(listener: (event: DirectoryEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#client.disconnect();
  }
}

/** @returns undefined for what this version does not know */
export function parseEvent(message: string): DirectoryEvent | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(message);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string')) return undefined;
  const [type, subject = '', ...more] = parts as readonly string[];
  if (type === 'gone') return { type: 'owner', name: instanceOfKey(subject), owner: undefined };
  if (type === 'own') {
    const [id = '', boot = '', epoch = ''] = more;
    return { type: 'owner', name: instanceOfKey(subject), owner: { node: { id, boot }, epoch: Number(epoch) } };
  }
  const [boot = '', state] = more;
  if (type !== 'node' || (state !== 'up' && state !== 'draining' && state !== 'gone')) return undefined;
  return { type: 'node', node: { id: subject, boot }, state };
}
