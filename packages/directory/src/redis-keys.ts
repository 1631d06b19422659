import type { InstanceName, NodeIdentity } from './directory.ts';
import { instanceKey } from './instance-key.ts';

/**
 * Key names of one cluster. What a script touches together has one hash tag, so that Redis Cluster keeps it in one slot:
 * the keys of an instance, and all keys about nodes.
 */
export class RedisKeys {
  readonly events: string;
  readonly nodeList: string;
  readonly generation: string;
  readonly #prefix: string;

  /** @param cluster `sluice.cluster.id` */
  constructor(cluster: string) {
    this.#prefix = `sluice:${encodeURIComponent(cluster)}:`;
    this.events = `${this.#prefix}events`;
    this.nodeList = `${this.#prefix}{nodes}:list`;
    this.generation = `${this.#prefix}{nodes}:generation`;
  }

  /** owner, configuration, state */
  instance(name: InstanceName): [own: string, config: string, state: string] {
    const tagged = `${this.#prefix}{${instanceKey(name)}}:`;
    return [`${tagged}own`, `${tagged}cfg`, `${tagged}st`];
  }

  node(id: string): string {
    return `${this.#prefix}{nodes}:node:${encodeURIComponent(id)}`;
  }

  /** The instances that a life of a node was given. */
  held({ id, boot }: NodeIdentity): string {
    return `${this.#prefix}{nodes}:held:${encodeURIComponent(id)}:${encodeURIComponent(boot)}`;
  }
}
