import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InstanceName } from '@sluice/directory';
import type { RouteMatch } from '@sluice/protocol';
import { requestId } from '@sluice/runtime';

const EMPTY = Buffer.alloc(0);
const NO_NAMES = { group: '', instance: '' };
const READ_RECORDS = 'consumers.consume';
const CREATE = 'consumers.create';
const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * `unread`: nobody has touched it. `whole`: in memory, and can be sent as often as needed. `streamed`: on its way to a
 * node, or gone with it.
 */
type BodyState = 'unread' | 'whole' | 'streamed';

/** A client's request that is not simply served here, from its headers to its answer. */
export class EdgeRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly match: RouteMatch | undefined;
  /** The instance that it is for. */
  readonly name: InstanceName | undefined;
  /** The same in all tries. */
  readonly id: string = requestId(undefined);
  /** `poll`: may wait for as long as its client likes. */
  readonly kind: 'call' | 'poll';
  /** Tries that were sent and got no answer. */
  unanswered = 0;
  /** Of the memory for bodies: see `RequestBodies`. */
  reservedBytes = 0;
  #bodyState: BodyState = 'unread';
  #body: Buffer | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, match: RouteMatch | undefined) {
    this.request = request;
    this.response = response;
    this.match = match;
    const { group, instance } = match?.kind === 'match' ? match.params : NO_NAMES;
    this.name = instance === '' ? undefined : { group, instance };
    this.kind = match?.kind === 'match' && match.operation === READ_RECORDS ? 'poll' : 'call';
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    if (coding === undefined && (length === undefined || length === '0')) this.keep(EMPTY);
  }

  get bodyState(): BodyState {
    return this.#bodyState;
  }

  /** The whole body, if it is in memory. */
  get body(): Buffer | undefined {
    return this.#body;
  }

  /** It changes nothing (RFC 9110, 9.2.1): any node may be asked, as often as one likes. */
  get isSafe(): boolean {
    return this.name === undefined && SAFE_METHODS.has(this.request.method);
  }

  /** Sent once more under the same id it does no harm, though nobody knows whether the first was done. */
  get isRepeatable(): boolean {
    const { match } = this;
    return this.name !== undefined || this.isSafe || (match?.kind === 'match' && match.operation === CREATE);
  }

  /** Nobody is there to be answered. */
  get isOver(): boolean {
    return this.request.socket.destroyed || this.response.writableEnded;
  }

  /** The body is all here, and will be sent with its length. */
  keep(body: Buffer): void {
    const { headers } = this.request;
    if (headers.expect !== undefined) delete headers.expect;
    if (headers['transfer-encoding'] !== undefined) {
      delete headers['transfer-encoding'];
      headers['content-length'] = String(body.length);
    }
    this.#body = body;
    this.#bodyState = 'whole';
  }

  stream(): void {
    this.#bodyState = 'streamed';
  }

  /** What the local node is given of the body: a body that there is none of need not be told. */
  get bodyRead(): Buffer | undefined {
    return this.#body === EMPTY ? undefined : this.#body;
  }
}
