import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { formatPeerNode, type PeerNode, peerHeaders } from '@sluice/protocol';
import { readBounded } from './http/bounded-body.ts';
import { peerAgent, transportFault } from './peer-agent.ts';
import { CALL_BODY_MAX_BYTES, CALL_PREFIX, type PeerAnswer } from './peer-server.ts';
import type { PeerTls } from './peer-tls.ts';

/** A node and where its internal listener is, as the directory has it. */
export interface PeerAddress extends PeerNode {
  readonly address: string;
}

/** The node could not be reached or did not answer in time. Whether it has done what it was asked is not known. */
export class PeerUnreachable extends Error {
  constructor(node: PeerNode, message: string, options?: { readonly cause: unknown }) {
    super(`node ${node.id}: ${message}`, options);
    this.name = 'PeerUnreachable';
  }
}

/** What this node is known by to others. */
export interface PeerCredentials {
  /** Empty: by its certificate alone. */
  readonly secret: string;
  readonly tls?: PeerTls | undefined;
}

const SOCKETS_MAX = 64;
const FREE_SOCKETS_MAX = 8;

/** Calls other nodes. */
export class PeerClient {
  readonly #credentials: PeerCredentials;
  readonly #agent: Agent;
  /** Makes a connection for each call, with the certificate of this node as the other does. */
  readonly #freshAgent: Agent;
  #closed = false;

  constructor(credentials: PeerCredentials) {
    this.#credentials = credentials;
    this.#agent = peerAgent(credentials.tls, {
      keepAlive: true,
      maxSockets: SOCKETS_MAX,
      maxFreeSockets: FREE_SOCKETS_MAX,
      scheduling: 'lifo',
    });
    this.#freshAgent = peerAgent(credentials.tls, { keepAlive: false, maxSockets: SOCKETS_MAX });
  }

  /**
   * Asks a node for something; every status is an answer, a refusal too (403, 421). All calls can be repeated: one that
   * went out on a kept connection just as the node closed it is sent again.
   * @param options `fresh`: over a connection that is made for it; a kept one may be broken without anybody knowing
   *
   * @throws PeerUnreachable
   */
  async call(
    node: PeerAddress,
    name: string,
    body: unknown,
    { timeoutMs, fresh = false }: { readonly timeoutMs: number; readonly fresh?: boolean },
  ): Promise<Required<PeerAnswer>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    const path = `${CALL_PREFIX}${name}`;
    const call = { node, path, bytes: Buffer.from(JSON.stringify(body)), signal: late.signal, fresh };
    try {
      return await this.#send(call, true);
    } catch (error) {
      if (late.signal.aborted) throw new PeerUnreachable(node, `no answer within ${timeoutMs} ms`, { cause: error });
      throw new PeerUnreachable(node, reasonOf(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends all connections; calls under way fail, and so does each later one. */
  close(): void {
    this.#closed = true;
    this.#agent.destroy();
    this.#freshAgent.destroy();
  }

  async #send(call: Call, repeatable: boolean): Promise<Required<PeerAnswer>> {
    if (this.#closed) throw new Error('the client is closed');
    const outgoing = this.#request(call);
    try {
      return await answerOf(outgoing, call.bytes);
    } catch (error) {
      const stale = outgoing.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
      if (!stale || !repeatable || this.#closed || call.signal.aborted) throw error;
      return await this.#send(call, false);
    }
  }

  #request({ node, path, bytes, signal, fresh }: Call): ClientRequest {
    const { secret, tls } = this.#credentials;
    const fault = transportFault(node.address, tls);
    // Before there is a connection: neither the secret nor the call are for who is not known to be a node.
    if (fault !== undefined) throw new Error(fault);
    return (tls === undefined ? request : secureRequest)(new URL(path, node.address), {
      method: 'POST',
      agent: fresh ? this.#freshAgent : this.#agent,
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': bytes.length,
        ...(secret === '' ? {} : { [peerHeaders.secret]: secret }),
        [peerHeaders.target]: formatPeerNode(node),
      },
    });
  }
}

interface Call {
  readonly node: PeerAddress;
  readonly path: string;
  readonly bytes: Buffer;
  readonly signal: AbortSignal;
  readonly fresh: boolean;
}

async function answerOf(outgoing: ClientRequest, bytes: Buffer): Promise<Required<PeerAnswer>> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    // It may tell of its connection more than once; what comes after the answer began shows in the answer.
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
  const status = answer.statusCode ?? 0;
  try {
    const text = (await readBounded(answer, CALL_BODY_MAX_BYTES)).toString('utf8');
    return { status, body: text === '' ? undefined : JSON.parse(text) };
  } catch (error) {
    // Half an answer must not be taken for the beginning of the next one.
    outgoing.destroy();
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'its answer is not JSON';
  return error instanceof Error ? error.message : String(error);
}
