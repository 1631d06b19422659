import { ApiError, parseNewTopicRequest } from '@sluice/protocol';
import type { Handler } from '../http/dispatch.ts';

/** Strimzi's; an existing topic is 400, where Strimzi says 500. */
const createTopic: Handler = async (exchange, api) => {
  const { name, partitions, replicas } = parseNewTopicRequest(await exchange.readBody(), api.config.http.jsonDepthMax);
  await api.admins.of(exchange.principal).createTopic(name, {
    ...(partitions === undefined ? {} : { partitions }),
    ...(replicas === undefined ? {} : { replicas }),
  });
  return { status: 201, body: '{}' };
};

const describeApi: Handler = async (_exchange, { openApi }) => ({ status: 200, body: openApi });

/** Whoever serves clients answers probes for itself; these are for one that does not know them, and sent them on. */
const aliveHere: Handler = async () => ({ status: 204 });
const readyHere: Handler = async (_exchange, { draining }) => {
  if (draining()) throw new ApiError('unavailable');
  return { status: 204 };
};
const healthHere: Handler = async (_exchange, { version }) => ({
  status: 200,
  body: JSON.stringify({ process_uptime_sec: Math.floor(process.uptime()), karapace_version: version }),
});

/** Who serves what a dialect has and Confluent has not. */
export const dialectHandlers: readonly (readonly [operation: string, handler: Handler])[] = [
  ['admin.create-topic', createTopic],
  ['openapi.get', describeApi],
  ['openapi.get-v3', describeApi],
  ['health.healthy', aliveHere],
  ['health.ready', readyHere],
  ['health.get', healthHere],
];
