import { expect } from 'vitest';
import type { Dialect } from '../../packages/protocol/src/index.ts';
import { answerName, declaredAnswers } from '../harness/declared-answers.ts';
import type { HttpAnswer, HttpClient } from '../harness/http.ts';

/**
 * The words in which the tables of this suite are written: a request, and the answer that is right for it. `{name}` in
 * either stands for a name that is made up for each test, for example `{topic}`.
 */

export const V2 = 'application/vnd.kafka.v2+json';
export const BINARY = 'application/vnd.kafka.binary.v2+json';
export const JSON_V2 = 'application/vnd.kafka.json.v2+json';
export const AVRO = 'application/vnd.kafka.avro.v2+json';
export const JSON_SCHEMA = 'application/vnd.kafka.jsonschema.v2+json';
export const PROTOBUF = 'application/vnd.kafka.protobuf.v2+json';

export const V1 = 'application/vnd.kafka.v1+json';
export const V1_BINARY = 'application/vnd.kafka.binary.v1+json';
export const V1_JSON = 'application/vnd.kafka.json.v1+json';
export const V1_AVRO = 'application/vnd.kafka.avro.v1+json';
/** What v1 alone takes beside its own types. */
export const KAFKA_JSON = 'application/vnd.kafka+json';
export const PLAIN_JSON = 'application/json';
export const OCTETS = 'application/octet-stream';

export type Names = Readonly<Record<string, string>>;

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** What the server speaks, where that is not Confluent's. */
  readonly dialect?: Dialect;
}

interface SendOptions {
  /** Content-Type. */
  readonly type?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Answer {
  readonly status: number;
  /** The answer's Content-Type; null when it must have none. */
  readonly type: string | null;
  /** The exact body, or what it must match. */
  readonly body: string | RegExp;
  /** An error's body is exactly its two properties; the message alone may be a pattern. */
  readonly error?: { readonly code: number; readonly message: string | RegExp };
  readonly headers?: Readonly<Record<string, string | RegExp>>;
}

/** One line of a table: what it shows, what is sent, what comes back. */
export type Row = readonly [title: string, sent: Sent, answer: Answer];

/** @param line method and path, for example `GET /topics/{topic}` */
export function send(line: string, options: SendOptions = {}): Sent {
  const space = line.indexOf(' ');
  const headers: Record<string, string> = { ...options.headers };
  if (options.type !== undefined) headers['content-type'] = options.type;
  if (options.accept !== undefined) headers['accept'] = options.accept;
  return {
    method: line.slice(0, space),
    path: line.slice(space + 1),
    headers,
    ...(options.body === undefined ? {} : { body: options.body }),
  };
}

export function ok(body: string | RegExp, type: string = V2): Answer {
  return { status: 200, type, body };
}

export const noContent: Answer = { status: 204, type: null, body: '' };

/** @param type the error's Content-Type: the negotiated one, or null for an error from before a route was chosen */
export function failure(status: number, code: number, message: string | RegExp, type: string | null = V2): Answer {
  return { status, type, body: /^/, error: { code, message } };
}

/** Errors of the framework, raised before a route is chosen: no Content-Type (observed: headers on everything). */
export const notFound: Answer = failure(404, 404, 'HTTP 404 Not Found', null);
export const methodNotAllowed: Answer = failure(405, 405, 'HTTP 405 Method Not Allowed', null);
export const notAcceptable: Answer = failure(406, 406, 'HTTP 406 Not Acceptable', null);
export const unsupportedMediaType: Answer = failure(415, 415, 'HTTP 415 Unsupported Media Type', 'application/json');
export const instanceNotFound: Answer = failure(404, 40403, 'Consumer instance not found.');

export function fill(text: string, names: Names): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);
}

function expectBody(answer: HttpAnswer, expected: Answer, names: Names): void {
  const { body, error } = expected;
  if (error !== undefined) {
    const { message } = answer.json() as { message: string };
    if (typeof error.message === 'string') expect(message).toBe(fill(error.message, names));
    else expect(message).toMatch(error.message);
    expect(answer.text).toBe(JSON.stringify({ error_code: error.code, message }));
  } else if (typeof body === 'string') expect(answer.text).toBe(fill(body, names));
  else expect(answer.text).toMatch(body);
}

/** What holds for every answer of the API, whatever it is about. */
function expectCommonHeaders({ headers, bytes, status }: HttpAnswer, method: string): void {
  expect(headers['x-request-id']).toMatch(/^[\x21-\x7e]+$/);
  expect(headers).not.toHaveProperty('server');
  if (method !== 'OPTIONS') expect(headers).not.toHaveProperty('allow');
  expect(headers['vary']).toBe(headers['content-type'] === undefined ? undefined : 'Accept-Encoding, User-Agent');
  if (status === 204) expect(headers).not.toHaveProperty('content-length');
  else if (method !== 'HEAD') expect(headers['content-length']).toBe(String(bytes.length));
}

/** Sends the request. Whatever comes back must be an answer that the route table has for it, and so `/openapi.json`. */
export async function transmit(http: HttpClient, sent: Sent, names: Names = {}): Promise<HttpAnswer> {
  const { body, method } = sent;
  const path = fill(sent.path, names);
  const answer = await http.call(method, path, {
    headers: sent.headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? fill(body, names) : body }),
  });
  // An answer to HEAD does not tell its code.
  if (method !== 'HEAD') {
    const declared = declaredAnswers(method, path, answer.headers['content-type'], sent.dialect);
    expect(declared).toContain(answerName(answer.status, answer.text));
  }
  return answer;
}

/** Sends the request and holds the answer to all that the row says about it, and to what holds for every answer. */
export async function expectAnswer(http: HttpClient, sent: Sent, expected: Answer, names: Names = {}): Promise<void> {
  const answer = await transmit(http, sent, names);
  // Together, so that a wrong status is reported with the text that explains it.
  expect({ status: answer.status, type: answer.headers['content-type'] ?? null, text: answer.text }).toEqual({
    status: expected.status,
    type: expected.type,
    text: answer.text,
  });
  expectBody(answer, expected, names);
  expectCommonHeaders(answer, sent.method);
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    if (typeof value === 'string') expect(answer.headers[name]).toBe(fill(value, names));
    else expect(answer.headers[name]).toMatch(value);
  }
}
