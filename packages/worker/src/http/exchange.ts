import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '@sluice/kafka';
import {
  ApiError,
  type ApiVersion,
  type Attempt,
  type ChosenRoute,
  type EmbeddedFormat,
  impliedRoute,
  type MediaType,
  type PathParams,
  type Route,
  type RouteMatch,
} from '@sluice/protocol';
import { type BodyLimits, type BodyProgress, readBody } from './read-body.ts';

/** What was agreed on before a handler runs. */
export interface Negotiated {
  readonly route: Route;
  readonly query: string;
  readonly requestFormat: EmbeddedFormat;
  readonly responseType: MediaType;
  readonly responseFormat: EmbeddedFormat;
  /** The client named no type of ours: a read answers in the format of its instance. */
  readonly typeUnspecified: boolean;
}

type Match = Extract<RouteMatch, { kind: 'match' }>;

function negotiatedOf({ route, request, response }: ChosenRoute, { query }: Match): Negotiated {
  return {
    route,
    query,
    requestFormat: request.format,
    responseType: response.mediaType,
    responseFormat: response.format,
    typeUnspecified: response.unspecified,
  };
}

/** A try at serving a request, which may have been read before it came here. */
export interface LocalAttempt extends Attempt {
  readonly body?: Buffer | undefined;
  /** Another node sent it, which passes the answer on to the client. */
  readonly isForwarded?: boolean;
}

/** One request, from its headers to its answer. Nothing of it outlives the answer. */
export class Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly id: string;
  readonly principal: Principal;
  readonly attempt: LocalAttempt;
  readonly #match: Match;
  #negotiated: Negotiated;
  /** What `readBody` has read, for the case that another node has to do it all. */
  body: Buffer | undefined;
  readonly #limits: BodyLimits;
  readonly #progress: BodyProgress;
  #releaseBody: (() => void) | undefined;
  #abort: AbortController | undefined;
  #gone: (() => void) | undefined;

  constructor(
    http: { readonly req: IncomingMessage; readonly res: ServerResponse },
    context: {
      readonly id: string;
      readonly principal: Principal;
      readonly attempt: LocalAttempt;
      readonly limits: BodyLimits;
      readonly progress: BodyProgress;
    },
    match: Match,
    choice: ChosenRoute,
  ) {
    this.req = http.req;
    this.res = http.res;
    this.id = context.id;
    this.principal = context.principal;
    this.attempt = context.attempt;
    this.body = context.attempt.body;
    this.#limits = context.limits;
    this.#progress = context.progress;
    this.#progress.bytes = this.body?.length ?? 0;
    this.#match = match;
    this.#negotiated = negotiatedOf(choice, match);
  }

  get negotiated(): Negotiated {
    return this.#negotiated;
  }

  /** The version of the API that is spoken. */
  get api(): ApiVersion {
    return this.#negotiated.route.api;
  }

  get params(): Readonly<PathParams> {
    return this.#match.params;
  }

  /**
   * From here on the other version is spoken, whatever the headers say: as far as they mean something to it, they count.
   * @throws ApiError 404/40403 when that version does not have what is asked for
   */
  speak(api: ApiVersion): void {
    if (api === this.api) return;
    const route = this.#match.routes[api];
    if (route === undefined) throw new ApiError('consumerInstanceNotFound');
    const headers = { contentType: this.req.headers['content-type'], accept: this.req.headers.accept };
    this.#negotiated = negotiatedOf(impliedRoute(route, headers), this.#match);
  }

  /** Aborts when the client goes away. Made on demand: most requests are over before they could need it. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      // An answer whose turn on the connection has not come does not close with it: the connection itself is watched.
      const { socket } = this.req;
      if (this.res.destroyed || socket.destroyed) abort.abort();
      else {
        this.#gone = () => abort.abort();
        socket.once('close', this.#gone);
      }
    }
    return this.#abort.signal;
  }

  /** @throws ApiError 413, 503; ClientGone */
  async readBody(): Promise<Buffer> {
    if (this.body !== undefined) return this.body;
    const body = await readBody(this.req, this.#limits, this.#progress, () => {
      // Only `100-continue` comes here (RFC 9110, 10.1.1), and HTTP/1.0 does not know it.
      if (this.req.headers.expect !== undefined && this.req.httpVersionMinor > 0) this.res.writeContinue();
    });
    this.#releaseBody = body.release;
    this.body = body.bytes;
    return body.bytes;
  }

  /** The body outlives the answer: its memory is given back by what is returned. */
  keepBody(): () => void {
    const release = this.#releaseBody;
    this.#releaseBody = undefined;
    return () => release?.();
  }

  /** Gives back what the request held. */
  end(): void {
    this.#releaseBody?.();
    this.#releaseBody = undefined;
    if (this.#gone !== undefined) this.req.socket.off('close', this.#gone);
  }
}
