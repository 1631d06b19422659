import type { InstanceName, Ownership } from '@sluice/directory';
import type { Peers } from './edge-options.ts';
import { instanceKey } from './instance-key.ts';
import type { KnownNodes, NodeLink } from './known-nodes.ts';

const TIMEOUT_MS = 200;
/** Questions under way at once; each goes to all nodes. */
const PENDING_MAX = 64;

/** Asks all nodes who holds an instance, while the directory cannot be asked. */
export class Scatter {
  readonly #nodes: KnownNodes;
  readonly #peers: Peers | undefined;
  readonly #onAsked: ((found: boolean) => void) | undefined;
  readonly #pending = new Map<string, Promise<Ownership | undefined>>();

  constructor(nodes: KnownNodes, peers: Peers | undefined, onAsked: ((found: boolean) => void) | undefined) {
    this.#nodes = nodes;
    this.#peers = peers;
    this.#onAsked = onAsked;
  }

  /** Undefined: nobody says that it holds it, or too many want to know at once. */
  find(name: InstanceName): Promise<Ownership | undefined> {
    const key = instanceKey(name);
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    if (this.#peers === undefined || this.#pending.size >= PENDING_MAX) return Promise.resolve(undefined);
    const question = this.#ask(this.#peers, name).finally(() => this.#pending.delete(key));
    this.#pending.set(key, question);
    return question;
  }

  async #ask(peers: Peers, { group, instance }: InstanceName): Promise<Ownership | undefined> {
    const ask = async ({ record }: NodeLink): Promise<Ownership | undefined> => {
      try {
        const answer = await peers.call(record, 'holds', { group, instance }, { timeoutMs: TIMEOUT_MS });
        const epoch = answer.status === 200 ? epochIn(answer.body) : undefined;
        return epoch === undefined ? undefined : { node: { id: record.id, boot: record.boot }, epoch };
      } catch {
        return undefined;
      }
    };
    const answers = await Promise.all([...this.#nodes.links].map(ask));
    // One that has slept through its lease may still believe that it holds the instance.
    const owner = answers.reduce(
      (best, answer) => ((answer?.epoch ?? -1) > (best?.epoch ?? -1) ? answer : best),
      undefined,
    );
    this.#onAsked?.(owner !== undefined);
    return owner;
  }
}

function epochIn(body: unknown): number | undefined {
  const epoch = typeof body === 'object' && body !== null && 'epoch' in body ? body.epoch : undefined;
  return Number.isSafeInteger(epoch) ? (epoch as number) : undefined;
}
