import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { untilAborted, withDeadline } from './deadline.ts';
import {
  errorOf,
  type HttpAnswer,
  type RegistrySchema,
  readId,
  readSchema,
  readSubjectVersion,
  type SubjectVersion,
} from './registry-answers.ts';
import { RegistryConnection } from './registry-connection.ts';
import { basicAuthorization, parseEndpoint, pathSegment, type RegistryEndpoint } from './registry-endpoint.ts';
import { RegistryError, RegistryUnavailable, UNREADABLE_ANSWER } from './registry-errors.ts';
import {
  type RegistryClientOptions,
  type RegistryOperation,
  type RequestOutcome,
  registryDefaults,
} from './registry-options.ts';
import { isPassing, retryWait } from './retry-wait.ts';

/** What each question may be asked with. */
export interface QuestionOptions {
  /** Versions that were deleted, though not for good, are looked at too. */
  readonly includeDeleted?: boolean;
  /** Its reason is what the call throws when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

interface Question<Answer> {
  readonly operation: RegistryOperation;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly read: (answer: HttpAnswer) => Answer;
}

type Exchange<Answer> =
  | { readonly outcome: 'ok'; readonly value: Answer }
  | {
      readonly outcome: Exclude<RequestOutcome, 'ok'>;
      readonly error: unknown;
      /** Another address, or this one later, may say something else. */
      readonly mayPass: boolean;
      readonly retryAfter?: string | undefined;
    };

/** Of a subject that no registry takes. Source: Confluent's registry. */
const INVALID_SUBJECT = 42208;

/**
 * Talks to a schema registry with Confluent's API. Each call may be repeated, a registration too: the same schema gets the
 * same id. Whoever answers is not trusted.
 *
 * Each call throws RegistryError for an answer that says no or makes no sense, RegistryUnavailable when none came in time.
 */
export class RegistryClient {
  readonly #options: RegistryClientOptions & typeof registryDefaults;
  readonly #connections: readonly RegistryConnection[];
  readonly #closing = new AbortController();
  /** Which connection answered last. */
  #current = 0;
  #calls = 0;

  /** @throws Error for a URL that is none, or without any */
  constructor(options: RegistryClientOptions) {
    this.#options = { ...registryDefaults, ...options };
    const endpoints = options.urls.map(parseEndpoint);
    setMaxListeners(this.#options.callsMax, this.#closing.signal);
    if (endpoints.length === 0) throw new Error('A schema registry needs a URL');
    this.#connections = endpoints.map((endpoint) => new RegistryConnection(endpoint, this.#options));
  }

  async schemaById(id: number, options: QuestionOptions = {}): Promise<RegistrySchema> {
    const path = `/schemas/ids/${id}`;
    return await this.#ask({ operation: 'schemaById', method: 'GET', path, read: readSchema }, options);
  }

  /** Which version of the subject a schema is. */
  async lookUp(subject: string, schema: RegistrySchema, options: QuestionOptions = {}): Promise<SubjectVersion> {
    const path = `${subjectPath(subject)}${this.#query(options.includeDeleted ?? false)}`;
    const body = schemaBody(schema);
    const read = (answer: HttpAnswer): SubjectVersion => readSubjectVersion(answer, schema.type);
    return await this.#ask({ operation: 'lookUp', method: 'POST', path, body, read }, options);
  }

  /** Makes a schema the latest version of the subject, unless it is one of its versions already. @returns its id */
  async register(subject: string, schema: RegistrySchema, options: QuestionOptions = {}): Promise<number> {
    const path = `${subjectPath(subject)}/versions${this.#query(false)}`;
    const body = schemaBody(schema);
    return await this.#ask({ operation: 'register', method: 'POST', path, body, read: readId }, options);
  }

  async version(subject: string, version: number | 'latest', options: QuestionOptions = {}): Promise<SubjectVersion> {
    const query = options.includeDeleted === true ? '?deleted=true' : '';
    const path = `${subjectPath(subject)}/versions/${version}${query}`;
    return await this.#ask(
      { operation: 'version', method: 'GET', path, read: (answer) => readSubjectVersion(answer) },
      options,
    );
  }

  /** Calls under way fail, and so does each later one. */
  async close(): Promise<void> {
    this.#closing.abort(new RegistryUnavailable('The client of the schema registry is closed'));
    await Promise.all(this.#connections.map(async (connection) => await connection.close()));
  }

  #query(includeDeleted: boolean): string {
    const { normalize } = this.#options;
    if (normalize) return includeDeleted ? '?normalize=true&deleted=true' : '?normalize=true';
    return includeDeleted ? '?deleted=true' : '';
  }

  async #ask<Answer>(question: Question<Answer>, { signal }: QuestionOptions): Promise<Answer> {
    const { callsMax, callTimeoutMs: timeoutMs } = this.#options;
    if (this.#calls >= callsMax) throw new RegistryUnavailable('Too many calls of the schema registry are under way');
    this.#calls += 1;
    const endsAt = performance.now() + timeoutMs;
    const limit = { timeoutMs, overdue: readTimedOut, parents: [this.#closing.signal, signal] };
    try {
      return await withDeadline(limit, async (ends) => await this.#repeat(question, endsAt, ends));
    } finally {
      this.#calls -= 1;
    }
  }

  /** Asks one address after the other, then waits and begins anew. */
  async #repeat<Answer>(question: Question<Answer>, endsAt: number, signal: AbortSignal): Promise<Answer> {
    const { retriesMax } = this.#options;
    const count = this.#connections.length;
    const start = this.#current;
    for (let tries = 1; ; tries += 1) {
      const at = (start + tries - 1) % count;
      const exchange = await this.#exchange(question, at, signal);
      if (exchange.outcome === 'ok') {
        this.#current = at;
        return exchange.value;
      }
      if (!exchange.mayPass || tries >= count * (retriesMax + 1)) throw exchange.error;
      if (tries % count !== 0) continue;
      const waitMs = retryWait(tries / count - 1, exchange.retryAfter, this.#options);
      // What is known now is a better answer than that the time is over.
      if (performance.now() + waitMs >= endsAt) throw exchange.error;
      await untilAborted(delay(waitMs, undefined, { signal }), signal);
    }
  }

  async #exchange<Answer>(question: Question<Answer>, at: number, signal: AbortSignal): Promise<Exchange<Answer>> {
    const begin = performance.now();
    const exchange = await this.#askOne(question, at, signal);
    this.#options.onRequest?.(question.operation, exchange.outcome, (performance.now() - begin) / 1000);
    return exchange;
  }

  async #askOne<Answer>(question: Question<Answer>, at: number, signal: AbortSignal): Promise<Exchange<Answer>> {
    const { method, path, body, read } = question;
    const connection = this.#connections[at] as RegistryConnection;
    const limit = { timeoutMs: this.#options.requestTimeoutMs, overdue: readTimedOut, parents: [signal] };
    try {
      return await withDeadline(limit, async (ends): Promise<Exchange<Answer>> => {
        const authorization = await this.#authorization(connection.endpoint, ends);
        const answer = await connection.send({ method, path, body, authorization }, ends);
        const { status, retryAfter } = answer;
        if (status >= 200 && status < 300) return { outcome: 'ok', value: read(answer) };
        const error = errorOf(answer, authorization);
        return { outcome: outcomeOf(error), error, mayPass: isPassing(status), retryAfter };
      });
    } catch (error) {
      const isAnswer = error instanceof RegistryError;
      return { outcome: isAnswer ? 'broken' : 'unreachable', error, mayPass: !isAnswer && !signal.aborted };
    }
  }

  async #authorization(endpoint: RegistryEndpoint, signal: AbortSignal): Promise<string | undefined> {
    const { credentials } = this.#options;
    if (credentials === undefined) return endpoint.authorization;
    if ('username' in credentials) return basicAuthorization(credentials.username, credentials.password);
    const { token } = credentials;
    if (typeof token === 'string') return bearer(token);
    try {
      return bearer(await untilAborted(token(), signal));
    } catch (cause) {
      if (signal.aborted) throw cause;
      throw new RegistryUnavailable('No token for the schema registry could be had', { cause });
    }
  }
}

function bearer(token: string): string {
  return `Bearer ${token}`;
}

function readTimedOut(): RegistryUnavailable {
  return new RegistryUnavailable('Read timed out');
}

function outcomeOf(error: RegistryError): RequestOutcome & ('refused' | 'broken') {
  return error.errorCode === UNREADABLE_ANSWER ? 'broken' : 'refused';
}

function subjectPath(subject: string): string {
  const segment = pathSegment(subject);
  if (segment === undefined) throw new RegistryError(422, INVALID_SUBJECT, `The subject '${subject}' is not valid`);
  return `/subjects/${segment}`;
}

function schemaBody({ type, text, references }: RegistrySchema): string {
  return JSON.stringify({
    schema: text,
    // Registries that know no other type know no such field either.
    ...(type === 'AVRO' ? {} : { schemaType: type }),
    ...(references.length === 0 ? {} : { references }),
  });
}
