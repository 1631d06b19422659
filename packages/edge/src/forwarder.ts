import type { Agent, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Stream } from 'node:stream';
import { type PeerTls, peerAgent, peerProtocol } from '@sluice/runtime';
import httpProxy from 'http-proxy';
import { AttemptsUnderWay } from './attempts-under-way.ts';
import type { WaitingPoll } from './early-answers.ts';
import { ForwardAttempt, type ForwardOutcome } from './forward-attempt.ts';
import { outgoingOptions } from './outgoing-options.ts';

export interface Forward {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The whole body, when it was read; else it is streamed from the request, and no second attempt is possible. */
  readonly body: Buffer | undefined;
  readonly target: { readonly host: string; readonly port: number };
  /** What the node is told beside what the client said: names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly kind: 'call' | 'poll';
  /** Over a connection that is made for it: those that are kept may all have been closed by the node. */
  readonly fresh: boolean;
  /** Of a poll: what its node is told so that it waits no longer. */
  readonly poll?: WaitingPoll | undefined;
  /** It may be given up, since it can be sent to another node. */
  readonly repeatable: boolean;
  /** Longest time without a byte in either direction, in ms; it may be some hundreds of ms more. */
  readonly timeoutMs: number;
  /** A client that takes nothing of its answer for so long, in ms, is cut off. */
  readonly clientStallMs: number;
  /** The node has nothing more to do with it. Called once: before the outcome, if the client takes its time. */
  readonly onNodeDone?: () => void;
}

const FREE_SOCKETS_MAX = 64;
const SILENCE_CHECK_MS = 250;

/**
 * Sends requests on to other nodes with http-proxy, whose faults end here and in `ForwardAttempt`:
 *
 * 1. It gives a chunked DELETE the length 0 and sends its body all the same, which the node takes for a second request
 *    (the pass that does it is taken out).
 * 2. A client that goes away does not end the request to the node (here it does).
 * 3. A node that dies in the middle of its answer leaves the client waiting for ever (its connection is cut, which is
 *    how HTTP says that an answer is not whole).
 * 4. An error before the answer leaves the client without one (the caller gets the outcome, and answers or tries again).
 * 5. It parses the URL and folds slashes in it, so that a node may see another path than the client asked for, and
 *    throws for some (the attempt sets the path as it came).
 */
export class Forwarder {
  readonly #proxy: httpProxy;
  readonly #protocol: 'http:' | 'https:';
  readonly #agents: Readonly<Record<Forward['kind'] | 'fresh', Agent>>;
  readonly #underWay = new AttemptsUnderWay<ForwardAttempt>();
  /** One for all attempts: a timer for each, set anew with each packet, costs more than all else that is done here. */
  readonly #silenceTimer: NodeJS.Timeout;
  /** Targets from which something came since the last look. */
  #heard = new Set<object>();

  /**
   * @param tls undefined: in clear. Never one for some nodes and the other for others, whatever their records say
   * @param onLook called several times a second with the targets from which something came since
   */
  constructor(tls?: PeerTls, onLook?: (heard: ReadonlySet<object>) => void) {
    this.#protocol = peerProtocol(tls);
    // No `timeout` here: the agent would cut reads that wait longer than the node's hint for idle connections. How many
    // are under way is bounded by those who forward: in an agent's own queue nothing has a deadline.
    const agent = (): Agent =>
      peerAgent(tls, { keepAlive: true, maxFreeSockets: FREE_SOCKETS_MAX, scheduling: 'lifo' });
    this.#agents = { call: agent(), poll: agent(), fresh: peerAgent(tls, { keepAlive: false }) };
    this.#proxy = httpProxy.createProxyServer({ selfHandleResponse: true, ignorePath: true, toProxy: true });
    removeDeleteLength(this.#proxy);
    this.#silenceTimer = setInterval(() => {
      const now = performance.now();
      for (const attempt of this.#underWay.all()) if (attempt.checkSilence(now)) this.#heard.add(attempt.target);
      onLook?.(this.#heard);
      this.#heard = new Set();
    }, SILENCE_CHECK_MS).unref();
  }

  /** Never rejects. The request's headers must be clean. */
  forward(forward: Forward): Promise<ForwardOutcome> {
    const { request, response, target, headers, kind, fresh } = forward;
    if (request.socket.destroyed) {
      forward.onNodeDone?.();
      return Promise.resolve({ type: 'abandoned', sent: false });
    }
    return new Promise((resolve) => {
      const attempt = new ForwardAttempt(forward, this.#underWay, (outcome) => {
        if (outcome.type === 'answered' || outcome.type === 'declined') this.#heard.add(target);
        resolve(outcome);
      });
      const options = {
        target: { protocol: this.#protocol, host: target.host, port: target.port },
        agent: this.#agents[fresh ? 'fresh' : kind],
        headers,
        ssl: outgoingOptions(),
        // All that http-proxy does with it is to call `pipe`.
        buffer: attempt as unknown as Stream,
      };
      try {
        this.#proxy.web(request, response, options, attempt.onError);
      } catch (error) {
        // A header that the parser let through and the client's side of `http` does not.
        attempt.onError(error as Error);
      }
    });
  }

  /**
   * Clients whose answers have not begun are to come back on other connections, and by way of another edge. A connection
   * with several under way goes on: it would end with the first answer, and the others be lost.
   */
  retire(): void {
    const only = new Map<Socket, ForwardAttempt | undefined>();
    for (const attempt of this.#underWay.all()) {
      only.set(attempt.client, only.has(attempt.client) ? undefined : attempt);
    }
    for (const attempt of only.values()) attempt?.endConnection();
  }

  /** The polls whose answers have not begun. */
  waiting(): readonly WaitingPoll[] {
    return this.#underWay.all().flatMap(({ waitsFor }) => waitsFor ?? []);
  }

  /** Ends the attempts at a node whose answers have not begun. @param which that can be sent again, or all */
  giveUp(target: Forward['target'], which: 'repeatable' | 'all', reason: Error): void {
    for (const attempt of this.#underWay.all()) {
      if (attempt.target === target && (which === 'all' || attempt.isRepeatable)) attempt.giveUp(reason);
    }
  }

  close(): void {
    clearInterval(this.#silenceTimer);
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

interface Passes {
  webPasses: { readonly name: string }[];
}

function removeDeleteLength(proxy: httpProxy): void {
  const passes = proxy as unknown as Passes;
  const kept = passes.webPasses.filter(({ name }) => name !== 'deleteLength');
  if (kept.length !== passes.webPasses.length - 1) throw new Error('http-proxy has no pass "deleteLength" any more');
  passes.webPasses = kept;
}
