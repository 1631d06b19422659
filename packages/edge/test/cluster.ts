import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  type Directory,
  type InstanceName,
  MemoryDirectory,
  type NodeLoad,
  type NodeRecord,
  type Ownership,
} from '@sluice/directory';
import { type Attempt, formatPeerNode, formatPeerOwner, matchRoute, parseAttempt, peerHeaders } from '@sluice/protocol';
import { onTestFinished } from 'vitest';
import { Edge } from '../src/edge.ts';
import type { EdgeOptions, LocalAttempt, LocalNode, Served } from '../src/edge-options.ts';
import { answering, bodyOf, listening, portOf } from './http-exchange.ts';

const SECRET = 'between us';
export const name: InstanceName = { group: 'g', instance: 'i' };
export const RECORDS = '/consumers/g/instances/i/records';

const keyOf = ({ group, instance }: InstanceName): string => JSON.stringify([group, instance]);

/** A request as it reached a node. */
export interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly attempt: Attempt;
}

/** What a node does with a request in place of what it would do. */
type Behaviour = (received: Received, response: ServerResponse) => void;

export interface FakeNode {
  record: NodeRecord;
  readonly received: Received[];
  /** What it holds, and since which epoch. */
  readonly held: Map<string, number>;
  /** Taken from the front, one a request; then it behaves. */
  readonly next: Behaviour[];
  /** It owns the instance, as the directory has it. */
  own(instance?: InstanceName): Promise<Ownership>;
  /** The process is gone: its port refuses, its connections break. */
  kill(): Promise<void>;
  /** Its lease is over. */
  expire(): Promise<void>;
}

export const declines =
  (status: number, owner?: Ownership): Behaviour =>
  (_received, response) => {
    response.setHeader(peerHeaders.notAccepted, '1');
    if (owner !== undefined) response.setHeader(peerHeaders.owner, formatPeerOwner(owner));
    response.writeHead(status).end();
  };

/** The node dies when it has the whole request. */
export const dies: Behaviour = (_received, response) => void response.socket?.destroy();

export class Cluster {
  readonly directory: MemoryDirectory;
  readonly nodes: FakeNode[] = [];
  /** Calls between nodes, as they were made. */
  readonly calls: { readonly node: string; readonly name: string; readonly body: unknown }[] = [];
  /** The directory does not answer. */
  away: Error | undefined;
  readonly asked: InstanceName[] = [];
  onCall: (name: string) => Promise<void> = async () => undefined;

  constructor(leaseMs = 60_000) {
    this.directory = new MemoryDirectory({ leaseMs, retentionMs: 600_000 });
  }

  /** What the edge sees of it. */
  get seen(): Pick<Directory, 'find' | 'nodes' | 'watch'> {
    return {
      find: async (wanted) => {
        this.asked.push(wanted);
        if (this.away !== undefined) throw this.away;
        return await this.directory.find(wanted);
      },
      nodes: async () => {
        if (this.away !== undefined) throw this.away;
        return await this.directory.nodes();
      },
      watch: (listener) => this.directory.watch(listener),
    };
  }

  async add(id: string, load: Partial<NodeLoad> = {}): Promise<FakeNode> {
    const server = await listening(
      createServer(answering(async (request, response) => await this.#serve(node, request, response))),
    );
    const record: NodeRecord = {
      id,
      boot: `boot-of-${id}`,
      address: `http://127.0.0.1:${portOf(server)}`,
      state: 'up',
      recordVersion: 1,
      build: '0',
      load: { instances: 0, instancesMax: 100, utilization: 0, ...load },
    };
    const node: FakeNode = {
      record,
      received: [],
      held: new Map(),
      next: [],
      own: async (instance = name) => {
        const config = '{}';
        const { outcome, ...made } = await this.directory.create({
          name: instance,
          node: record,
          config,
          requestId: id,
        });
        if (outcome !== 'created' || !('owner' in made)) throw new Error(`not created: ${outcome}`);
        node.held.set(keyOf(instance), made.owner.epoch);
        return made.owner;
      },
      kill: async () => {
        server.close();
        server.closeAllConnections();
        await once(server, 'close');
      },
      expire: async () => await this.directory.leave(record),
    };
    this.nodes.push(node);
    await this.directory.register(record);
    return node;
  }

  async edge(options: Partial<EdgeOptions> = {}): Promise<{ readonly edge: Edge; readonly port: number }> {
    const edge = new Edge({
      directory: this.seen,
      secret: SECRET,
      leaseMs: 3000,
      heldMax: 10,
      bufferMaxBytes: 1000,
      ownersMax: 100,
      peers: { call: async (node, callName, body) => await this.#call(node.id, callName, body) },
      hooks: {
        onError: (error) => {
          if (error !== this.away) throw error;
        },
      },
      ...options,
    });
    await edge.start();
    const server = createServer((request, response) => edge.serve(request, response));
    server.on('checkContinue', (request, response) => edge.serve(request, response));
    await listening(server);
    onTestFinished(async () => await edge.close());
    return { edge, port: portOf(server) };
  }

  async #call(id: string, callName: string, body: unknown): Promise<{ status: number; body: unknown }> {
    this.calls.push({ node: id, name: callName, body });
    await this.onCall(callName);
    const epoch = this.nodes.find(({ record }) => record.id === id)?.held.get(keyOf(body as InstanceName));
    return callName === 'holds' && epoch === undefined ? { status: 404, body: {} } : { status: 200, body: { epoch } };
  }

  /** As a worker behind its internal listener does. */
  async #serve(node: FakeNode, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, method, url } = request;
    const body = (await bodyOf(request)).toString();
    const attempt = parseAttempt(headers);
    const isPeer = headers[peerHeaders.secret] === SECRET;
    if (attempt === undefined || !isPeer || headers[peerHeaders.target] !== formatPeerNode(node.record)) {
      declines(isPeer ? 421 : 403)(undefined as never, response);
      return;
    }
    const received = { method, url, headers, body, attempt };
    node.received.push(received);
    const behaviour = node.next.shift();
    if (behaviour !== undefined) behaviour(received, response);
    else await this.#behave(node, received, response);
  }

  async #behave(node: FakeNode, received: Received, response: ServerResponse): Promise<void> {
    const { attempt, method, url } = received;
    const match = matchRoute(method ?? '', url ?? '');
    const params = match.kind === 'match' ? match.params : { group: '', instance: '' };
    const answer = (status: number): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ node: node.record.id }));
    };
    if (params.instance === '') return answer(200);
    if (attempt.claim !== undefined) {
      const { from, reason } = attempt.claim;
      const outcome = await this.directory.claim({ name: params, from, to: node.record, reason });
      if (outcome.outcome === 'claimed') node.held.set(keyOf(params), outcome.record.epoch);
      else return declines(421, 'owner' in outcome ? outcome.owner : undefined)(received, response);
    }
    const epoch = node.held.get(keyOf(params));
    if (attempt.epoch !== undefined && attempt.epoch !== epoch) {
      return declines(421, await this.directory.find(params))(received, response);
    }
    answer(epoch === undefined ? 404 : 200);
  }
}

export interface FakeLocal extends LocalNode {
  readonly attempts: LocalAttempt[];
  readonly held: Map<string, number>;
  /** Taken from the front, one a request; then it answers. */
  readonly next: Served[];
}

/** The worker in the same process: it answers everything that it is asked, and holds nothing more once it declines. */
export function fakeLocal(id = 'local'): FakeLocal {
  const local: FakeLocal = {
    identity: { id, boot: `boot-of-${id}` },
    attempts: [],
    held: new Map(),
    next: [],
    epochOf: (instance) => local.held.get(keyOf(instance)),
    serve: async (_request, response, attempt) => {
      local.attempts.push(attempt);
      const served = local.next.shift() ?? { type: 'answered' };
      if (served.type === 'answered') response.end(JSON.stringify({ node: id }));
      else local.held.clear();
      return served;
    },
  };
  return local;
}

export function holdLocally(local: FakeLocal, instance: InstanceName, epoch: number): void {
  local.held.set(keyOf(instance), epoch);
}

/** Three nodes, the instance at the first of them. */
export async function owned(options: Parameters<Cluster['edge']>[0] = {}) {
  const cluster = new Cluster();
  const a = await cluster.add('a');
  const b = await cluster.add('b');
  const c = await cluster.add('c');
  const owner = await a.own();
  const { edge, port } = await cluster.edge(options);
  return { cluster, a, b, c, owner, edge, port };
}
