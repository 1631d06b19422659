import type { IncomingMessage, ServerResponse } from 'node:http';
import { KafkaError } from '@sluice/kafka';
import {
  ApiError,
  type ApiVersion,
  type ChosenRoute,
  chooseRoute,
  type Dialect,
  matchRoute,
  plainDialect,
  type Route,
  type RouteChoice,
  type RouteMatch,
  type ServedVersions,
  servedPaths,
  unsupportedMediaTypeContentType,
} from '@sluice/protocol';
import { type Logger, requestId } from '@sluice/runtime';
import type { Api } from '../api.ts';
import { NotHeld } from '../sessions/not-held.ts';
import { type Answer, errorAnswer, send } from './answer.ts';
import { Exchange, type LocalAttempt } from './exchange.ts';
import { kafkaAnswer } from './kafka-answers.ts';
import { type BodyProgress, ClientGone } from './read-body.ts';
import type { RequestMetrics } from './request-metrics.ts';

export type Handler = (exchange: Exchange, api: Api) => Promise<Answer>;

export interface DispatchOptions {
  readonly api: Api;
  readonly handlers: ReadonlyMap<Route, Handler>;
  /** The versions of the API that are served, the preferred one first. */
  readonly served: ServedVersions;
  readonly logger: Logger;
  readonly metrics: RequestMetrics;
}

/** An answer together with the Content-Type that it has unless it names one. */
interface Decision {
  readonly answer: Answer;
  readonly contentType: string;
}

/** Nothing was done: another node may hold the instance. The body comes along if it was read. */
export interface Declined {
  readonly reason: NotHeld;
  readonly body: Buffer | undefined;
}

type Match = Extract<RouteMatch, { kind: 'match' }>;

/** An error from before a route was chosen has no Content-Type (observed: headers on everything). */
function withoutType(error: ApiError): Decision {
  return { answer: errorAnswer(error, plainDialect), contentType: '' };
}

function unmatched(match: Exclude<RouteMatch, { kind: 'match' }>): Decision {
  switch (match.kind) {
    case 'notFound':
      return withoutType(new ApiError('notFound'));
    case 'methodNotAllowed':
      return withoutType(new ApiError('methodNotAllowed'));
    case 'badRequest':
      return withoutType(new ApiError('badRequest', { message: 'The path is not valid percent-encoded UTF-8.' }));
    case 'options':
      return {
        answer: {
          status: 200,
          body: match.allow.replaceAll(',', ', '),
          headers: { Allow: match.allow },
        },
        contentType: 'text/plain',
      };
    default:
      return match satisfies never;
  }
}

function toApiError(error: unknown, api: ApiVersion): ApiError | undefined {
  if (error instanceof ApiError) return error;
  return error instanceof KafkaError ? kafkaAnswer(error, api) : undefined;
}

/** What stands for the path and the method in metrics: they are the same in both versions. */
function labelOf(match: RouteMatch): Route | undefined {
  return match.kind === 'match' ? (match.routes.v2 ?? match.routes.v1) : undefined;
}

/** Routes, negotiates, calls the handler, and sends what it decided. Errors become answers here and nowhere else. */
export class Dispatcher {
  readonly #options: DispatchOptions;
  readonly #served: Pick<Dialect, 'paths'>;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#served = servedPaths(options.api.dialect, options.served);
  }

  /** Resolves when the answer was handed to the connection, or with what was not done. Never rejects. */
  async handle(req: IncomingMessage, res: ServerResponse, attempt: LocalAttempt): Promise<Declined | undefined> {
    const startedAt = performance.now();
    const id = requestId(req.headers['x-request-id']);
    const match = matchRoute(req.method ?? 'GET', req.url ?? '/', this.#served);
    const route = labelOf(match);
    const progress: BodyProgress = { bytes: 0 };
    let decision: Decision | undefined;
    try {
      const outcome =
        match.kind === 'match' ? await this.#decide({ req, res }, { id, attempt, progress }, match) : unmatched(match);
      if ('reason' in outcome) return outcome;
      decision = outcome;
      const bytesOut = await send(req, res, decision.answer, {
        requestId: id,
        contentType: decision.contentType,
        head: match.kind === 'match' && match.head,
        gzip: this.#options.api.config.compressionEnabled,
        close: this.#options.api.draining(),
        stallMs: this.#options.api.config.http.idleTimeoutMs,
      });
      this.#observe(route, { status: decision.answer.status, startedAt, bytesIn: progress.bytes, bytesOut });
    } catch (error) {
      decision?.answer.onSent?.(false);
      if (!(error instanceof ClientGone)) {
        this.#options.logger.error({ requestId: id, error }, 'The answer could not be sent.');
      }
      res.destroy();
      this.#observe(route, { status: 499, startedAt, bytesIn: progress.bytes, bytesOut: 0 });
    }
    return undefined;
  }

  async #decide(
    http: { readonly req: IncomingMessage; readonly res: ServerResponse },
    { id, attempt, progress }: { readonly id: string; readonly attempt: LocalAttempt; readonly progress: BodyProgress },
    match: Match,
  ): Promise<Decision | Declined> {
    const { api, handlers, served } = this.#options;
    const headers = { contentType: http.req.headers['content-type'], accept: http.req.headers.accept };
    const choice = chooseRoute(match.routes, headers, served);
    if (choice.kind !== 'chosen') return this.#unchosen(choice, headers.accept);
    const context = {
      id,
      principal: api.principalOf(http.req.headers),
      attempt,
      limits: { maxBytes: api.config.http.bodyMaxBytes, budget: api.bodyBudget },
      progress,
    };
    const exchange = new Exchange(http, context, match, choice);
    try {
      const handler = handlers.get(choice.route) as Handler;
      const answer = await handler(exchange, api);
      return { answer, contentType: exchange.negotiated.responseType };
    } catch (error) {
      if (error instanceof ClientGone) throw error;
      if (error instanceof NotHeld) return { reason: error, body: exchange.body };
      const known = this.#explain(error, id, exchange.negotiated.route);
      return { answer: errorAnswer(known, this.#wordsOf(exchange.api)), contentType: exchange.negotiated.responseType };
    } finally {
      exchange.end();
    }
  }

  #unchosen(choice: Exclude<RouteChoice, ChosenRoute>, accept: string | undefined): Decision {
    switch (choice.kind) {
      case 'malformed':
        return withoutType(new ApiError('badRequest', { message: `The ${choice.header} header is malformed.` }));
      case 'unsupported': {
        const { mediaTypePreferred: preferred, mediaTypeDefault: fallback } = this.#options.api.config;
        return {
          answer: errorAnswer(new ApiError('unsupportedMediaType'), plainDialect),
          contentType: unsupportedMediaTypeContentType(accept, { preferred, fallback }),
        };
      }
      case 'notAcceptable':
        return withoutType(new ApiError('notAcceptable'));
      case 'notServed':
        return withoutType(new ApiError('notFound'));
      default:
        return choice satisfies never;
    }
  }

  /** v1 is Confluent's alone. */
  #wordsOf(version: ApiVersion): Dialect {
    return version === 'v2' ? this.#options.api.dialect : plainDialect;
  }

  /** The answer to an error; one that nobody foresaw is logged with its stack, under the id that the client has. */
  #explain(error: unknown, id: string, route: Route): ApiError {
    const known = toApiError(error, route.api);
    if (known !== undefined) {
      if (known.status >= 500) {
        this.#options.logger.warn(
          { requestId: id, api: route.api, operation: route.operation, code: known.code, reason: known.message },
          'A request failed.',
        );
      }
      return known;
    }
    this.#options.logger.error({ requestId: id, operation: route.operation, error }, 'A request failed unexpectedly.');
    return new ApiError('internal', {
      message: `Internal Server Error. The log has the reason under request id ${id}.`,
    });
  }

  #observe(
    route: Route | undefined,
    { status, startedAt, bytesIn, bytesOut }: { status: number; startedAt: number; bytesIn: number; bytesOut: number },
  ): void {
    const seconds = (performance.now() - startedAt) / 1000;
    this.#options.metrics.observe(route, { status, seconds, bytesIn, bytesOut });
  }
}
