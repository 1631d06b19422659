import { randomUUID } from 'node:crypto';
import { ApiError, assertConsumerName, baseUri, parseCreateConsumerRequest } from '@sluice/protocol';
import type { Config } from '@sluice/runtime';
import { binaryFormat } from '../formats/binary-format.ts';
import { jsonFormat } from '../formats/json-format.ts';
import type { Handler } from '../http/dispatch.ts';
import type { Exchange } from '../http/exchange.ts';
import { forInstance } from './instance.ts';

/** `rest-consumer-` + the server's id, if it has one, + a random UUID (contract A.7). */
function generatedName(serverId: string): string {
  return `rest-consumer-${serverId === '' ? '' : `${serverId}-`}${randomUUID()}`;
}

/** The URL under which the client finds its instance again: as the client sees this server, not as it sees itself. */
function instanceUri(exchange: Exchange, config: Config, instance: { group: string; name: string }): string {
  const { socket, headers } = exchange.req;
  const encrypted = 'encrypted' in socket;
  const listener = config.listeners.findLast(({ scheme }) => scheme === (encrypted ? 'https' : 'http'));
  const host = socket.localAddress?.includes(':') ? `[${socket.localAddress}]` : socket.localAddress;
  return baseUri(
    { headers, encrypted, localAuthority: `${host}:${socket.localPort}` },
    {
      advertisedListeners: config.advertisedListeners,
      hostName: config.hostName,
      listenerPort: listener?.port ?? config.port,
    },
    instance,
  );
}

export const createConsumer: Handler = async (exchange, api) => {
  const { config } = api;
  const request = parseCreateConsumerRequest(await exchange.readBody(), config.http.jsonDepthMax);
  if (request.format !== 'json' && request.format !== 'binary') throw new ApiError('registryNotConfigured');
  const { group } = exchange.params;
  assertConsumerName(group, 'createGroup.group');
  const instance = request.name ?? generatedName(config.id);
  api.sessions.create({
    group,
    instance,
    principal: exchange.principal,
    format: request.format === 'json' ? jsonFormat : binaryFormat,
    autoOffsetReset: request.autoOffsetReset ?? config.consumer.autoOffsetReset,
    autoCommit: request.autoCommit ?? config.consumer.autoCommit,
    autoCommitIntervalMs: config.consumer.autoCommitIntervalMs,
    fetchMinBytes: request.fetchMinBytes ?? config.consumer.fetchMinBytes,
    requestTimeoutMs: request.requestTimeoutMs ?? config.consumer.requestTimeoutMs,
  });
  const base = instanceUri(exchange, config, { group, name: instance });
  return { status: 200, body: JSON.stringify({ instance_id: instance, base_uri: base }) };
};

export const deleteConsumer: Handler = forInstance(async (session, _exchange, api) => {
  await api.sessions.delete(session);
  return { status: 204 };
});
