import { Agent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import httpProxy from 'http-proxy';
import { answerHeaders, NOT_ACCEPTED_HEADER } from './headers.ts';

export interface ForwarderOptions {
  /** Connections to one node for calls that are answered soon. */
  readonly callSocketsMax: number;
  /** Connections to one node for reads that wait: each takes one for as long as it waits. */
  readonly pollSocketsMax: number;
}

export interface Forward {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The whole body, when it was read; else it is streamed from the request, and no second attempt is possible. */
  readonly body: Buffer | undefined;
  readonly target: { readonly host: string; readonly port: number };
  /** What the node is told beside what the client said: names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly kind: 'call' | 'poll';
  /** Longest time without a byte in either direction, in ms. */
  readonly timeoutMs: number;
}

export type ForwardOutcome =
  /** The client has the answer, or as much of it as came. */
  | { readonly type: 'answered'; readonly status: number }
  /** The node did nothing and says so; the client has heard nothing. */
  | { readonly type: 'declined'; readonly status: number; readonly headers: IncomingMessage['headers'] }
  /** The client has heard nothing. `sent`: the node may have done it. `reused`: on a connection that it may have closed. */
  | { readonly type: 'failed'; readonly sent: boolean; readonly reused: boolean; readonly error: Error }
  /** The client is gone. */
  | { readonly type: 'abandoned' };

const FREE_SOCKETS_MAX = 64;
const MISDIRECTED = 421;

/**
 * Sends requests on to other nodes with http-proxy, whose faults end here:
 *
 * 1. It gives a chunked DELETE the length 0 and sends its body all the same, which the node takes for a second request
 *    (the pass that does it is taken out).
 * 2. A client that goes away does not end the request to the node (here it does).
 * 3. A node that dies in the middle of its answer leaves the client waiting for ever (its connection is cut, which is
 *    how HTTP says that an answer is not whole).
 * 4. An error before the answer leaves the client without one (the caller gets the outcome, and answers or tries again).
 */
export class Forwarder {
  readonly #proxy: httpProxy;
  readonly #agents: Readonly<Record<Forward['kind'], Agent>>;
  readonly #attempts = new WeakMap<IncomingMessage, Attempt>();

  constructor({ callSocketsMax, pollSocketsMax }: ForwarderOptions) {
    // No `timeout` here: the agent would cut reads that wait longer than the node's hint for idle connections.
    const agent = (maxSockets: number): Agent => {
      return new Agent({ keepAlive: true, maxSockets, maxFreeSockets: FREE_SOCKETS_MAX, scheduling: 'lifo' });
    };
    this.#agents = { call: agent(callSocketsMax), poll: agent(pollSocketsMax) };
    this.#proxy = httpProxy.createProxyServer({ selfHandleResponse: true });
    removeDeleteLength(this.#proxy);
    this.#proxy.on('proxyReq', (outgoing, request) => this.#attempts.get(request)?.sending(outgoing));
    this.#proxy.on('proxyRes', (answer, request) => this.#attempts.get(request)?.answering(answer));
  }

  /** Never rejects. The request's headers must be clean. */
  forward(forward: Forward): Promise<ForwardOutcome> {
    const { request, response, body, target, kind, headers, timeoutMs } = forward;
    return new Promise((resolve) => {
      const attempt = new Attempt(forward, resolve);
      this.#attempts.set(request, attempt);
      // What was read whole is sent with its length.
      if (body !== undefined) delete request.headers['transfer-encoding'];
      const options = {
        target: { protocol: 'http:', host: target.host, port: target.port },
        agent: this.#agents[kind],
        headers: body === undefined ? headers : { ...headers, 'content-length': String(body.length) },
        proxyTimeout: timeoutMs,
        // The request itself has been read to its end.
        ...(body === undefined ? {} : { buffer: Readable.from(body.length === 0 ? [] : [body]) }),
      };
      this.#proxy.web(request, response, options, (error) => attempt.failed(error));
    });
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

/** One try at one node. */
class Attempt {
  readonly #forward: Forward;
  readonly #settle: (outcome: ForwardOutcome) => void;
  #outgoing: ClientRequest | undefined;
  /** Before there is a connection nothing can have been sent. */
  #connected = false;
  #passing = false;
  #settled = false;

  constructor(forward: Forward, settle: (outcome: ForwardOutcome) => void) {
    this.#forward = forward;
    this.#settle = settle;
    forward.response.once('close', this.#onClientClose);
  }

  sending(outgoing: ClientRequest): void {
    this.#outgoing = outgoing;
    const { socket } = outgoing;
    if (socket?.connecting === true) socket.once('connect', this.#onConnect);
    else this.#connected = true;
    if (this.#settled) outgoing.destroy();
  }

  answering(answer: IncomingMessage): void {
    const status = answer.statusCode ?? 0;
    if (this.#settled) answer.destroy();
    else if (status === MISDIRECTED || answer.headers[NOT_ACCEPTED_HEADER] !== undefined) {
      // Read to its end, so that the connection serves the next request.
      answer.resume();
      this.#end({ type: 'declined', status, headers: answer.headers });
    } else this.#pass(answer, status);
  }

  failed(error: Error): void {
    // An answer that breaks off is the client's to see: `close` of the answer has ended its connection.
    if (this.#passing) return;
    this.#outgoing?.socket?.removeListener('connect', this.#onConnect);
    const reused = this.#outgoing?.reusedSocket === true;
    this.#end({ type: 'failed', sent: this.#connected, reused, error });
  }

  #pass(answer: IncomingMessage, status: number): void {
    this.#passing = true;
    const { response } = this.#forward;
    response.writeHead(status, answer.statusMessage, answerHeaders(answer));
    answer.once('close', () => {
      if (!answer.complete) response.destroy();
      this.#end({ type: 'answered', status });
    });
    // `close` follows and knows whether the answer was whole.
    answer.on('error', () => undefined);
    answer.pipe(response);
  }

  readonly #onConnect = (): void => {
    this.#connected = true;
  };

  readonly #onClientClose = (): void => {
    if (this.#forward.response.writableFinished) return;
    this.#outgoing?.destroy();
    this.#end({ type: 'abandoned' });
  };

  #end(outcome: ForwardOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#forward.response.removeListener('close', this.#onClientClose);
    this.#settle(outcome);
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
