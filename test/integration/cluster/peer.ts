import { NodeList, type NodeRecord, parseRedisUrl } from '@sluice/directory';
import { RedisDirectory } from '@sluice/directory/redis';
import { type Attempt, formatAttempt, formatPeerNode, peerHeaders } from '@sluice/protocol';
import { afterAll } from 'vitest';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/conditions.ts';
import { type HttpAnswer, httpClient } from '../../harness/http.ts';

const V2 = 'application/vnd.kafka.v2+json';
const JSON_V2 = 'application/vnd.kafka.json.v2+json';

/** Asks workers as an edge does, one attempt at a time: what an edge makes of the answers is tested with the edge. */
export class Peer {
  readonly directory: RedisDirectory;
  readonly #cluster: Cluster;
  readonly #list: NodeList;
  /** As they were seen last: one whose lease is over can be asked, too. */
  readonly #known = new Map<string, NodeRecord>();
  #requests = 0;
  /** Reads that were answered with records, which the next request says that their client has. */
  #delivered: string[] = [];

  constructor(cluster: Cluster, redisUrl: string, leaseMs: number) {
    this.#cluster = cluster;
    this.directory = new RedisDirectory({
      address: parseRedisUrl(redisUrl),
      cluster: cluster.id,
      leaseMs,
      retentionMs: 3_600_000,
    });
    this.#list = new NodeList({
      directory: this.directory,
      refreshMs: 100,
      onChange: (nodes) => {
        for (const node of nodes) this.#known.set(node.id, node);
      },
    });
    afterAll(async () => {
      this.#list.stop();
      await this.directory.close();
    });
  }

  async start(): Promise<void> {
    await this.#list.start();
    await eventually(() => this.#list.nodes.length === this.#cluster.workers.length, {
      deadlineMs: 10_000,
      describe: 'all workers in the directory',
    });
  }

  requestId(): string {
    this.#requests += 1;
    return `r${this.#requests}`;
  }

  /** One attempt at the node of that id. */
  async send(
    node: string,
    request: {
      readonly method: string;
      readonly path: string;
      readonly body?: unknown;
      readonly headers?: Record<string, string>;
    },
    attempt: Partial<Attempt> = {},
  ): Promise<HttpAnswer> {
    const target = this.#known.get(node);
    if (target === undefined) throw new Error(`${node} is not there`);
    const requestId = attempt.requestId ?? this.requestId();
    const delivered = this.#delivered;
    this.#delivered = [];
    const answer = await httpClient(target.address).call(request.method, request.path, {
      headers: {
        'content-type': V2,
        accept: request.path.includes('/records') ? JSON_V2 : V2,
        ...request.headers,
        [peerHeaders.secret]: this.#cluster.secret,
        [peerHeaders.target]: formatPeerNode(target),
        ...formatAttempt({ delivered, ...attempt, requestId }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    if (answer.headers[peerHeaders.awaited] !== undefined) this.#delivered.push(requestId);
    return answer;
  }
}
