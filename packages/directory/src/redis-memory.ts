import { randomUUID } from 'node:crypto';
import { Cluster } from 'ioredis';
import { type RedisClient, runScript, scripts } from './redis-scripts.ts';

export interface RedisMemoryOptions {
  readonly client: RedisClient;
  /** Key of the generation. */
  readonly key: string;
  readonly leaseMs: number;
  /** A server restarted, or a replica took over: what was written before may be lost. */
  readonly onLapse: () => void;
}

interface Memory {
  readonly name: string;
  /** Until nothing is restored any more of what is missing there; 0: nothing is. */
  readonly unsettledMs: number;
}

/** Beyond it all are forgotten, and those that are there still count as new once more. */
const MEMORIES_MAX = 100;
const MEMORY_NAME = /^master_replid:(\w+)/m;

/**
 * What Redis may have forgotten. Restarted from a file, or failed over to a replica, it lacks the last writes although it
 * is not empty. Redis names each such memory (its replication id), and the names that were seen stand beside the
 * generation: while one of them is younger than a lease nothing is unknown for certain.
 */
export class RedisMemory {
  readonly #options: RedisMemoryOptions;
  readonly #seen = new Set<string>();
  /** Over a new connection another memory is no news: everything is said again anyway. */
  #isConnectionNew = true;
  /** Of a Redis cluster: the servers that share the slots, as they were at the last look. */
  #addresses = '';
  #looking: Promise<void> | undefined;
  /** Something happened while servers were being asked. */
  #again = false;

  constructor(options: RedisMemoryOptions) {
    this.#options = options;
    const { client } = options;
    client.on('ready', () => {
      this.#isConnectionNew = true;
    });
    if (!(client instanceof Cluster)) return;
    client.on('refresh', () => {
      // Not each time: a server that is down has the others asked for it again and again.
      const isNew = client.status === 'ready' && addressesOf(client) !== this.#addresses;
      if (isNew) this.look().catch(() => undefined);
    });
    // Who follows it is known to the others, and would else be asked for with the next command.
    client.on('-node', () => client.refreshSlotsCache());
  }

  /** Of the server that has the key. */
  async at(key: string): Promise<Memory> {
    const { client } = this.#options;
    if (client instanceof Cluster) {
      const name = String(await runScript(client, scripts.memory, [key], []));
      const [, unsettledMs] = await this.#generation([name]);
      return { name, unsettledMs };
    }
    const [name, unsettledMs] = await this.#generation([]);
    return { name, unsettledMs };
  }

  /** Begins the generation, and notices what has changed since the last look. Rejects when Redis does not answer. */
  look(): Promise<void> {
    if (this.#looking !== undefined) this.#again = true;
    this.#looking ??= this.#lookUntilQuiet().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookUntilQuiet(): Promise<void> {
    do {
      this.#again = false;
      const isConnectionNew = this.#isConnectionNew;
      this.#isConnectionNew = false;
      try {
        if ((await this.#isNew()) && !isConnectionNew) this.#options.onLapse();
      } catch (error) {
        this.#isConnectionNew ||= isConnectionNew;
        throw error;
      }
    } while (this.#again);
  }

  /** Whether there is a memory that was not there before. */
  async #isNew(): Promise<boolean> {
    const { client } = this.#options;
    const asked = client instanceof Cluster ? await this.#memoriesOf(client) : [];
    const [own] = await this.#generation(asked);
    const memories = asked.length > 0 ? asked : [own];
    const isNew = memories.some((memory) => !this.#seen.has(memory));
    if (this.#seen.size > MEMORIES_MAX) this.#seen.clear();
    for (const memory of memories) this.#seen.add(memory);
    return isNew;
  }

  /** Of the servers that answer. One that does not may have a successor by now. */
  async #memoriesOf(client: Cluster): Promise<string[]> {
    this.#addresses = addressesOf(client);
    const servers = client.nodes('master');
    const answers = await Promise.allSettled(servers.map(async (server) => await server.info('replication')));
    const memories = answers.flatMap((answer) => {
      return answer.status === 'fulfilled' ? [MEMORY_NAME.exec(answer.value)?.[1] ?? ''] : [];
    });
    if (memories.length < servers.length) client.refreshSlotsCache();
    return memories;
  }

  async #generation(memories: readonly string[]): Promise<[memory: string, unsettledMs: number]> {
    const { client, key, leaseMs } = this.#options;
    const parameters = [randomUUID(), leaseMs, MEMORIES_MAX, ...memories];
    return (await runScript(client, scripts.generation, [key], parameters)) as [string, number];
  }
}

function addressesOf(client: Cluster): string {
  const addresses = client.nodes('master').map(({ options }) => `${options.host}:${options.port}`);
  return addresses.toSorted().join();
}
