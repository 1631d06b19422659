import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type PeerOwner, parsePeerOwner } from '@sluice/protocol';
import { endAfterRequest } from '@sluice/runtime';
import type { AttemptsUnderWay, Placed } from './attempts-under-way.ts';
import type { WaitingPoll } from './early-answers.ts';
import { AnswerHead, passBody } from './node-answer.ts';

export type ForwardOutcome =
  /**
   * The client has the answer, or as much of it as came. `delivered`: all of it went to the client's connection. `awaited`:
   * the node wants to know.
   */
  | { readonly type: 'answered'; readonly status: number; readonly delivered: boolean; readonly awaited: boolean }
  /** The node did nothing and says so; the client has heard nothing. */
  | { readonly type: 'declined'; readonly status: number; readonly owner: PeerOwner | undefined }
  | ForwardFailure
  /** The client is gone. */
  | { readonly type: 'abandoned'; readonly sent: boolean };

/** The client has heard nothing. */
export interface ForwardFailure {
  readonly type: 'failed';
  /** The node may have done it. */
  readonly sent: boolean;
  /** Nobody listens there. */
  readonly refused: boolean;
  /** On a connection that the node may have closed meanwhile. */
  readonly reused: boolean;
  /** The connection was reset, not closed: as a rule nobody has read what was sent. */
  readonly reset: boolean;
  /** Given up from outside. */
  readonly givenUp: boolean;
  readonly error: Error;
}

interface Forwarded {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer | undefined;
  readonly target: object;
  readonly poll?: WaitingPoll | undefined;
  readonly repeatable: boolean;
  readonly timeoutMs: number;
  readonly clientStallMs: number;
  readonly onNodeDone?: () => void;
}

const MISDIRECTED = 421;
/** A node that lets a connection wait longer is cut off, or drops what is sent to it. */
const CONNECT_TIMEOUT_MS = 1000;
/** To connect is the business of the node's kernel; to agree on TLS is the node's own, and it may be busy. */
const HANDSHAKE_TIMEOUT_MS = 3000;

/** One try at one node: the source of its body, and what becomes of it. */
export class ForwardAttempt implements Placed {
  readonly #forward: Forwarded;
  place = 0;
  readonly #underWay: AttemptsUnderWay<ForwardAttempt>;
  readonly #settle: (outcome: ForwardOutcome) => void;
  /** The client's connection. */
  readonly client: Socket;
  #outgoing: ClientRequest | undefined;
  #connectTimer: NodeJS.Timeout | undefined;
  /** Before there is a connection nothing can have been sent. */
  #connected = false;
  #status = 0;
  #bytesSeen = -1;
  #bytesReadSeen = -1;
  #activeAt = 0;
  #passing = false;
  #givenUp = false;
  #settled = false;
  #isNodeDone = false;
  #isClientWatched = false;

  constructor(
    forward: Forwarded,
    underWay: AttemptsUnderWay<ForwardAttempt>,
    settle: (outcome: ForwardOutcome) => void,
  ) {
    this.#forward = forward;
    this.#underWay = underWay;
    this.#settle = settle;
    underWay.add(this);
    // Not the response: one that waits for those before it on the connection does not close with it.
    this.client = forward.request.socket;
    this.client.on('close', this.#onClientClose);
  }

  /** Undefined for what is no poll, or is being answered. */
  get waitsFor(): WaitingPoll | undefined {
    return this.#passing ? undefined : this.#forward.poll;
  }

  /** What http-proxy calls with the request that it made: its body goes there. */
  pipe(outgoing: ClientRequest): void {
    const { request, body } = this.#forward;
    this.#outgoing = outgoing;
    // Nothing is sent yet: http-proxy would have parsed it and folded its slashes.
    outgoing.path = request.url ?? '/';
    // `on` where an event comes once: `once` costs a closure and a removal.
    outgoing.on('response', (answer) => this.#onResponse(answer));
    if (outgoing.reusedSocket) this.#connected = true;
    else outgoing.on('socket', (socket) => this.#onSocket(socket));
    if (body === undefined) request.pipe(outgoing);
    else if (body.length === 0) outgoing.end();
    else outgoing.end(body);
  }

  get target(): object {
    return this.#forward.target;
  }

  get isRepeatable(): boolean {
    return this.#forward.repeatable;
  }

  /** Ends it as failed, if its answer has not begun. */
  giveUp(reason: Error): void {
    if (this.#passing || this.#settled) return;
    this.#givenUp = true;
    this.#outgoing?.destroy(reason);
    this.onError(reason);
  }

  readonly onError = (error: Error): void => {
    // An answer that breaks off is the client's to see: `close` of the answer has ended its connection.
    if (this.#passing) return;
    const { code, syscall } = error as NodeJS.ErrnoException;
    this.#end({
      type: 'failed',
      sent: this.#connected,
      refused: code === 'ECONNREFUSED',
      reused: this.#outgoing?.reusedSocket === true,
      // One that was closed has the same code here, and is no failed call of the system.
      reset: (code === 'ECONNRESET' || code === 'EPIPE') && syscall !== undefined,
      givenUp: this.#givenUp,
      error,
    });
  };

  /** The connection to the client ends with the answer, unless that has begun. */
  endConnection(): void {
    const { response } = this.#forward;
    if (!response.headersSent) response.shouldKeepAlive = false;
  }

  /**
   * Called now and then: a node that has said and taken nothing for too long is not waited for any more.
   * @returns whether it has said something since the last call
   */
  checkSilence(now: number): boolean {
    const { bytesRead = 0, bytesWritten = 0 } = this.#outgoing?.socket ?? {};
    const bytes = bytesRead + bytesWritten;
    const isHeard = this.#bytesReadSeen >= 0 && bytesRead !== this.#bytesReadSeen;
    this.#bytesReadSeen = bytesRead;
    if (bytes !== this.#bytesSeen) {
      this.#bytesSeen = bytes;
      this.#activeAt = now;
    } else if (now - this.#activeAt >= this.#forward.timeoutMs) {
      const error = new Error(`The node has been silent for ${this.#forward.timeoutMs} ms.`);
      this.#outgoing?.destroy(error);
      this.onError(error);
    }
    return isHeard;
  }

  #onSocket(socket: Socket): void {
    if (this.#settled) {
      this.#outgoing?.destroy();
      return;
    }
    if (!socket.connecting) {
      this.#connected = true;
      return;
    }
    this.#giveUpAfter(CONNECT_TIMEOUT_MS, 'No connection');
    const isSecure = socket instanceof TLSSocket;
    if (isSecure) {
      socket.once('connect', () => this.#giveUpAfter(HANDSHAKE_TIMEOUT_MS, 'No agreement on TLS'));
    }
    // With TLS nothing is sent before the node has shown who it is.
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      clearTimeout(this.#connectTimer);
      this.#connected = true;
    });
  }

  #giveUpAfter(timeoutMs: number, what: string): void {
    clearTimeout(this.#connectTimer);
    if (this.#settled) return;
    this.#connectTimer = setTimeout(() => {
      const error = new Error(`${what} within ${timeoutMs} ms.`);
      this.#outgoing?.destroy(error);
      this.onError(error);
    }, timeoutMs);
  }

  #onResponse(answer: IncomingMessage): void {
    const status = answer.statusCode ?? 0;
    if (this.#settled) {
      answer.destroy();
      return;
    }
    const head = new AnswerHead(answer.rawHeaders);
    if (status === MISDIRECTED || head.isNotAccepted) {
      // Read to its end, so that the connection serves the next request.
      answer.on('end', this.#dropOutgoing).resume();
      this.#end({ type: 'declined', status, owner: parsePeerOwner(head.owner) });
    } else this.#pass(answer, status, head);
  }

  #pass(answer: IncomingMessage, status: number, { forClient, isAwaited, length }: AnswerHead): void {
    const { request, response, body } = this.#forward;
    this.#passing = true;
    this.#status = status;
    // Comes, too, when what was still to be written went down with the connection.
    response.on('finish', () => {
      this.#end({ type: 'answered', status, delivered: !this.client.destroyed, awaited: isAwaited });
    });
    answer.on('close', () => {
      this.#nodeDone();
      if (!answer.complete) response.destroy();
    });
    // `close` follows and knows whether the answer was whole.
    answer.on('error', ignore);
    answer.on('pause', this.#watchClient);
    if (body !== undefined || request.readableEnded) {
      response.writeHead(status, answer.statusMessage, forClient as string[]);
      passBody(answer, response, length);
      answer.on('end', () => {
        if (!response.writableEnded) response.end();
        this.#watchClient();
      });
      return;
    }
    // Answered before the body was taken: the client may go on sending what nobody wants.
    if (!request.complete) response.shouldKeepAlive = false;
    response.writeHead(status, answer.statusMessage, forClient as string[]);
    passBody(answer, response, undefined);
    answer.once('end', () => this.#endAfterBody());
  }

  #endAfterBody(): void {
    const { request, response } = this.#forward;
    this.#dropOutgoing();
    request.resume();
    if (request.complete) response.end();
    else endAfterRequest(request, response, '');
    this.#watchClient();
  }

  /** The node has answered: nobody would ever end the rest of the body, and the connection would be kept for it. */
  readonly #dropOutgoing = (): void => {
    if (this.#outgoing === undefined) return;
    this.#forward.request.unpipe(this.#outgoing);
    if (!this.#outgoing.writableEnded) this.#outgoing.destroy();
  };

  /** Who asks and does not take the answer would otherwise hold its memory, and the node's, for as long as it likes. */
  readonly #watchClient = (): void => {
    const { response, clientStallMs } = this.#forward;
    if (this.#isClientWatched || response.writableLength === 0) return;
    this.#isClientWatched = true;
    // While its turn on the connection has not come, the time does not run.
    response.setTimeout(clientStallMs, () => {
      // The node may be what is slow.
      if (response.writableLength > 0) response.destroy();
    });
    // Before Node sets the time for idle connections: a read that follows on this one may wait for longer.
    response.prependOnceListener('finish', () => response.setTimeout(0));
  };

  readonly #onClientClose = (): void => {
    this.#outgoing?.destroy();
    if (this.#passing) this.#end({ type: 'answered', status: this.#status, delivered: false, awaited: false });
    else this.#end({ type: 'abandoned', sent: this.#connected });
  };

  #end(outcome: ForwardOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#connectTimer);
    this.client.removeListener('close', this.#onClientClose);
    this.#underWay.remove(this);
    this.#nodeDone();
    // http-proxy adds one of each with each attempt, and takes none away.
    const { request } = this.#forward;
    if (outcome.type !== 'answered') request.removeAllListeners('aborted').removeAllListeners('error');
    this.#settle(outcome);
  }

  /** A client that is slow, or waits for other answers on its connection first, is no load of the node. */
  #nodeDone(): void {
    if (this.#isNodeDone) return;
    this.#isNodeDone = true;
    this.#forward.onNodeDone?.();
  }
}

function ignore(): void {
  // Nothing to do.
}
