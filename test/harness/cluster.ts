import { randomBytes } from 'node:crypto';
import { type ClusterMember, type ClusterRole, startMember } from './cluster-member.ts';
import { eventually } from './conditions.ts';
import { uniqueName } from './topics.ts';

const SERVING_DEADLINE_MS = 20_000;

export interface ClusterOptions {
  readonly bootstrap: string;
  readonly redisUrl: string;
  readonly leaseMs: number;
  /** How many processes of each role; default none. */
  readonly nodes?: number;
  readonly edges?: number;
  readonly workers?: number;
  /** For all of them; they win over what is chosen here. */
  readonly properties?: Readonly<Record<string, string>>;
  /**
   * So many of the workers and nodes that start first get a `TcpRelay` in front of their internal listener, so that they
   * can be cut off. Default none: a relay accepts what a process that ends would refuse.
   */
  readonly relays?: number;
  /** Public ports, in order, of the edges and nodes; default any. */
  readonly ports?: readonly number[];
}

/** Separate processes that share a Redis and a Kafka. The caller stops them. */
export interface Cluster {
  /** `sluice.cluster.id`. */
  readonly id: string;
  readonly secret: string;
  /** All that were started and not stopped, in the order of their start; a killed one is among them. */
  readonly members: readonly ClusterMember[];
  readonly nodes: readonly ClusterMember[];
  readonly edges: readonly ClusterMember[];
  readonly workers: readonly ClusterMember[];
  /** Those that hold instances: workers and nodes. */
  readonly holders: readonly ClusterMember[];
  /** Addresses for clients: of edges and nodes. */
  readonly urls: readonly string[];
  /** One more process, as in a scale-out or as the replacement of a stopped one. */
  readonly add: (role: ClusterRole) => Promise<ClusterMember>;
  /** SIGTERM, waits for the end, and forgets the member. */
  readonly remove: (member: ClusterMember) => Promise<void>;
  /** What each has logged, by id; of those that were removed, too. */
  readonly logs: () => Promise<ReadonlyMap<string, string>>;
  readonly stop: () => Promise<void>;
}

class RunningCluster implements Cluster {
  readonly id: string = uniqueName('cluster');
  readonly secret: string = randomBytes(16).toString('hex');
  readonly #options: ClusterOptions;
  /** By the number of their start: they become ready in any order. */
  readonly #members = new Map<number, ClusterMember>();
  readonly #ports: number[];
  readonly #logsOfRemoved = new Map<string, string>();
  #relaysLeft: number;
  #started = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#ports = [...(options.ports ?? [])];
    this.#relaysLeft = options.relays ?? 0;
  }

  get members(): readonly ClusterMember[] {
    return [...this.#members].toSorted(([a], [b]) => a - b).map(([, member]) => member);
  }

  get nodes(): readonly ClusterMember[] {
    return this.#of('node');
  }

  get edges(): readonly ClusterMember[] {
    return this.#of('edge');
  }

  get workers(): readonly ClusterMember[] {
    return this.#of('worker');
  }

  get holders(): readonly ClusterMember[] {
    return this.members.filter(({ role }) => role !== 'edge');
  }

  get urls(): readonly string[] {
    return this.members.flatMap(({ url }) => (url === undefined ? [] : [url]));
  }

  readonly add = async (role: ClusterRole): Promise<ClusterMember> => {
    this.#started += 1;
    const number = this.#started;
    const { bootstrap, redisUrl, leaseMs, properties = {} } = this.#options;
    const member = await startMember({
      id: `${role}-${number}`,
      role,
      relay: this.#takesRelay(role),
      publicPort: role === 'worker' ? undefined : this.#ports.shift(),
      properties: {
        'bootstrap.servers': bootstrap,
        'sluice.redis.url': redisUrl,
        'sluice.cluster.id': this.id,
        'sluice.cluster.secret': this.secret,
        'sluice.lease.ms': String(leaseMs),
        ...properties,
      },
    });
    this.#members.set(number, member);
    return member;
  };

  readonly remove = async (member: ClusterMember): Promise<void> => {
    for (const [number, one] of this.#members) if (one === member) this.#members.delete(number);
    member.thaw();
    await member.drain();
    this.#logsOfRemoved.set(member.id, await member.logs());
    await member.stop();
  };

  readonly logs = async (): Promise<ReadonlyMap<string, string>> => {
    const present = this.members.map(async ({ id, logs }) => [id, await logs()] as const);
    return new Map([...this.#logsOfRemoved, ...(await Promise.all(present))]);
  };

  readonly stop = async (): Promise<void> => {
    // Edges first: what they hold back for instances that move would otherwise keep them until its deadline.
    const edges = this.edges;
    await Promise.all(edges.map(this.remove));
    await Promise.all(this.members.map(this.remove));
  };

  async start(): Promise<void> {
    const { nodes = 0, edges = 0, workers = 0 } = this.#options;
    const roles: ClusterRole[] = [
      ...Array<ClusterRole>(workers).fill('worker'),
      ...Array<ClusterRole>(nodes).fill('node'),
      ...Array<ClusterRole>(edges).fill('edge'),
    ];
    // Settled, not all: one that fails must not leave others behind that start a moment later.
    const starts = await Promise.allSettled(roles.map(this.add));
    const failed = starts.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await Promise.all(this.members.map(async (member) => await serving(member, this.#options.leaseMs)));
  }

  #takesRelay(role: ClusterRole): boolean {
    if (role === 'edge' || this.#relaysLeft === 0) return false;
    this.#relaysLeft -= 1;
    return true;
  }

  #of(role: ClusterRole): ClusterMember[] {
    return this.members.filter((member) => member.role === role);
  }
}

/**
 * An edge is ready before it knows a worker: readiness depends on nobody else. And a directory that begins empty gives no
 * name for the length of a lease, since it may be somebody's.
 */
async function serving(member: ClusterMember, leaseMs: number): Promise<void> {
  const { http } = member;
  if (http === undefined) return;
  const headers = { 'content-type': 'application/vnd.kafka.v2+json' };
  const consumers = `/consumers/${uniqueName('first')}`;
  const wait = { deadlineMs: SERVING_DEADLINE_MS + 2 * leaseMs, intervalMs: 50 };
  await eventually(async () => (await http.call('GET', '/topics', { timeoutMs: 5000 })).status === 200, {
    ...wait,
    describe: `an answer from Kafka through ${member.id}`,
  });
  await eventually(
    async () =>
      (await http.call('POST', consumers, { headers, body: '{"name":"one"}', timeoutMs: leaseMs + 5000 })).status ===
      200,
    { ...wait, describe: `a consumer instance through ${member.id}` },
  );
  await http.call('DELETE', `${consumers}/instances/one`);
}

/** Starts all members at once and waits until each public address serves: an answer of Kafka, an instance. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const cluster = new RunningCluster(options);
  try {
    await cluster.start();
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}
