import {
  ApiError,
  parseAssignmentRequest,
  parseCommitRequest,
  parseCommittedOffsetsRequest,
  parseCreateConsumerRequest,
  parseRootRequest,
  parseSeekRequest,
  parseSeekToEdgeRequest,
  parseSubscriptionRequest,
  type RequestLimits,
} from '@sluice/protocol';

type Parser = (body: Buffer, limits: RequestLimits) => unknown;

const limits: RequestLimits = { jsonDepthMax: 100, partitionsMax: 5000 };

const parsers = {
  root: (body, { jsonDepthMax }) => parseRootRequest(body, jsonDepthMax),
  create: (body, { jsonDepthMax }) => parseCreateConsumerRequest(body, jsonDepthMax),
  subscribe: parseSubscriptionRequest,
  assign: parseAssignmentRequest,
  seek: parseSeekRequest,
  beginning: (body, given) => parseSeekToEdgeRequest(body, given, 'beginning'),
  end: (body, given) => parseSeekToEdgeRequest(body, given, 'end'),
  commit: parseCommitRequest,
  committed: parseCommittedOffsetsRequest,
} satisfies Record<string, Parser>;

/** What a body is for. */
export type RequestName = keyof typeof parsers;

export const requestNames: readonly RequestName[] = Object.keys(parsers) as RequestName[];

/** Reads the body as the handler of that request does. */
export function parse(name: RequestName, body: string | Buffer, given: RequestLimits = limits): unknown {
  return parsers[name](Buffer.from(body), given);
}

/** Status, code and message of the answer to a body that is refused. */
export function refusal(name: RequestName, body: string): string {
  try {
    parse(name, body);
  } catch (error) {
    if (error instanceof ApiError) return `${error.status}/${error.code} ${error.message}`;
    throw error;
  }
  throw new Error(`accepted: ${name} ${body}`);
}

export function mustNotBeNull(path: string): string {
  return `422/422 ${path} must not be null (was null)`;
}

/** Topic and partition of an entry in a list. */
export const TP = '"topic":"t","partition":1';
