import rdkafka from 'node-rdkafka';

import { protocolErrorByCode } from './error-codes.ts';
import { type ErrorContext, kafkaErrorFromCode } from './error-mapping.ts';
import { KafkaError } from './kafka-error.ts';

/** Error trees of @platformatic/kafka are 4 to 5 deep; the bound only guards against a cycle of causes. */
const MAX_DEPTH = 12;

/** OpenSSL's and Node's codes for a handshake that one of the two sides refused. */
const TLS_REFUSAL = /^(ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO$)/u;

interface ErrorNode {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly apiCode?: unknown;
  readonly serverErrorMessage?: unknown;
  readonly errors?: unknown;
  readonly cause?: unknown;
}

function children(node: ErrorNode): unknown[] {
  const errors: unknown[] = Array.isArray(node.errors) ? node.errors : [];
  return node.cause === undefined ? errors : [...errors, node.cause];
}

/** Every error of the tree (`errors` and `cause`), outermost first. */
function flatten(error: unknown, depth = 0): ErrorNode[] {
  if (typeof error !== 'object' || error === null || depth > MAX_DEPTH) {
    return [];
  }
  const node: ErrorNode = error;
  return [node, ...children(node).flatMap((child) => flatten(child, depth + 1))];
}

function serverText(nodes: readonly ErrorNode[]): string | undefined {
  for (const { serverErrorMessage } of nodes) {
    if (typeof serverErrorMessage === 'string' && serverErrorMessage !== '') {
      return serverErrorMessage;
    }
  }
  return undefined;
}

function authenticationError(nodes: readonly ErrorNode[], cause: unknown): KafkaError | undefined {
  if (nodes.some((node) => node.code === 'PLT_KFK_AUTHENTICATION')) {
    return kafkaErrorFromCode(58, { cause, detail: serverText(nodes) ?? 'Authentication failed.' });
  }
  if (nodes.some((node) => typeof node.code === 'string' && TLS_REFUSAL.test(node.code))) {
    return kafkaErrorFromCode(rdkafka.CODES.ERRORS.ERR__SSL, { cause, detail: 'SSL handshake failed' });
  }
  return undefined;
}

/**
 * The error for one of @platformatic/kafka's error trees. In this order: a refused identity anywhere in the
 * tree, the first code that a broker answered with (and its text, when the broker sent one), trouble with the
 * network or a deadline (`retriable`), and `other` for what is left.
 */
export function kafkaErrorFromAdmin(error: unknown, context: ErrorContext = {}): KafkaError {
  if (error instanceof KafkaError) {
    return error;
  }
  const nodes = flatten(error);
  const refused = authenticationError(nodes, error);
  if (refused !== undefined) {
    return refused;
  }
  const answered = nodes.find((node) => typeof node.apiCode === 'number' && protocolErrorByCode.has(node.apiCode));
  if (typeof answered?.apiCode === 'number') {
    const detail = serverText([answered]);
    return kafkaErrorFromCode(answered.apiCode, {
      cause: error,
      ...context,
      ...(detail === undefined ? {} : { detail }),
    });
  }
  const text = nodes[0]?.message;
  const detail = typeof text === 'string' ? text : String(error);
  // TimeoutError of 1.35 carries the network error's code too, so one comparison covers both.
  if (nodes.some((node) => node.code === 'PLT_KFK_NETWORK')) {
    return kafkaErrorFromCode(rdkafka.CODES.ERRORS.ERR__TRANSPORT, { cause: error, detail });
  }
  return new KafkaError(rdkafka.CODES.ERRORS.ERR_UNKNOWN, 'other', detail, { retriable: false, cause: error });
}
