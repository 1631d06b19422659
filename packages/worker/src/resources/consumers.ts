import { createHash } from 'node:crypto';
import {
  ApiError,
  type ApiVersion,
  assertConsumerName,
  baseUri,
  parseCreateConsumerRequest,
  peerHeaders,
} from '@sluice/protocol';
import type { Config } from '@sluice/runtime';
import type { Api } from '../api.ts';
import type { Handler } from '../http/dispatch.ts';
import type { Exchange } from '../http/exchange.ts';
import type { SessionSettings } from '../sessions/session-settings.ts';
import { forInstance } from './instance.ts';

/** Of 32 hexadecimal digits; the 13th and the 17th make way for the version and the variant of RFC 9562, 4. */
const UUID_PARTS = /^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/;

/**
 * `rest-consumer-` + the server's id, if it has one, + a UUID (contract A.7), which is made of the request's id: sent once
 * more, since its answer was lost, it finds the instance that it has made.
 */
function generatedName(serverId: string, requestId: string): string {
  const digest = createHash('sha256').update(requestId).digest('hex');
  const uuid = digest.replace(UUID_PARTS, '$1-$2-4$3-8$4-$5');
  return `rest-consumer-${serverId === '' ? '' : `${serverId}-`}${uuid}`;
}

/** The URL under which the client finds its instance again: as the client sees this server, not as it sees itself. */
function instanceUri(
  exchange: Exchange,
  { config, dialect }: Pick<Api, 'config' | 'dialect'>,
  instance: { group: string; name: string },
): string {
  const { socket, headers } = exchange.req;
  // What another node sends on may come with TLS between the nodes, which is not how its client came.
  const encrypted = 'encrypted' in socket && exchange.attempt.isForwarded !== true;
  const listener = config.listeners.findLast(({ scheme }) => scheme === (encrypted ? 'https' : 'http'));
  const host = socket.localAddress?.includes(':') ? `[${socket.localAddress}]` : socket.localAddress;
  const cameInOn = headers[peerHeaders.authority];
  const localAuthority = typeof cameInOn === 'string' ? cameInOn : `${host}:${socket.localPort}`;
  return baseUri(
    { headers, encrypted, localAuthority },
    {
      advertisedListeners: config.advertisedListeners,
      hostName: config.hostName,
      listenerPort: listener?.port ?? config.port,
      followsForwardedPath: exchange.api === 'v2' && dialect.followsForwardedPath,
    },
    instance,
  );
}

/** As `timeout`, which is cut as well: an int32 of milliseconds holds one of the server's reads for 24 days. */
function waitOf(asked: number | undefined, { requestTimeoutMs, maxTimeoutMs }: Config['consumer']): number {
  return asked === undefined ? requestTimeoutMs : Math.min(asked, maxTimeoutMs);
}

/** v1's are not of Kafka's consumer, which commits by itself; `consumer.enable.auto.commit` is a setting of that. */
function autoCommits(api: ApiVersion, { consumer }: Config): boolean {
  return api === 'v2' && consumer.autoCommit;
}

function usualReset(version: ApiVersion, { config, dialect }: Api): SessionSettings['autoOffsetReset'] {
  return (version === 'v2' ? dialect.autoOffsetReset : undefined) ?? config.consumer.autoOffsetReset;
}

export const createConsumer: Handler = async (exchange, api) => {
  const { config, dialect } = api;
  const request = parseCreateConsumerRequest(
    await exchange.readBody(),
    config.http.jsonDepthMax,
    exchange.api,
    dialect,
  );
  const format = api.formats.get(request.format);
  if (format === undefined) throw new ApiError('registryNotConfigured');
  const { group } = exchange.params;
  assertConsumerName(group, 'createGroup.group');
  const instance = request.name ?? generatedName(config.id, exchange.attempt.requestId);
  const settings: SessionSettings = {
    api: exchange.api,
    group,
    instance,
    principal: exchange.principal,
    groupInstanceId: api.groupInstanceId(instance),
    format,
    autoOffsetReset: request.autoOffsetReset ?? usualReset(exchange.api, api),
    autoCommit: request.autoCommit ?? autoCommits(exchange.api, config),
    autoCommitIntervalMs: config.consumer.autoCommitIntervalMs,
    fetchMinBytes: request.fetchMinBytes ?? config.consumer.fetchMinBytes,
    requestTimeoutMs: waitOf(request.requestTimeoutMs, config.consumer),
    ...(request.isolationLevel === undefined ? {} : { isolationLevel: request.isolationLevel }),
  };
  await api.instances.create(settings, exchange.attempt.requestId);
  const base = instanceUri(exchange, api, { group, name: instance });
  return { status: 200, body: JSON.stringify({ instance_id: instance, base_uri: base }) };
};

const deleteHeld = forInstance('either', async (session, exchange, api) => {
  await api.instances.delete(session, exchange.attempt.requestId);
  return { status: 204 };
});

export const deleteConsumer: Handler = async (exchange, api) => {
  // The same request once more: its first answer was lost between the nodes, or is not there yet.
  const before = api.instances.deletion(exchange.attempt.requestId);
  if (before === undefined) return await deleteHeld(exchange, api);
  await before;
  return { status: 204 };
};
