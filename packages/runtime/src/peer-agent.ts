import { Agent, type AgentOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PeerTls } from './peer-tls.ts';
import { TLS_KEYS } from './peer-tls-files.ts';

/** Makes connections to other nodes, and keeps them. Those with TLS take only requests for `https:`, the others for `http:`. */
export function peerAgent(tls: PeerTls | undefined, options: AgentOptions): Agent {
  const agent = tls === undefined ? new Agent(options) : tls.agent(options);
  agent.keepSocketAlive = keepSocketAlive;
  return agent;
}

/**
 * Node's own asks after each answer how long the other side keeps the connection, and to do so makes an object of the
 * headers: a twentieth of what it costs to forward a request. TCP's keep-alive is on since the connection was made.
 *
 * @returns whether to keep it
 */
function keepSocketAlive(socket: Duplex): boolean {
  (socket as Socket).unref();
  return true;
}

/** The scheme of the addresses of all nodes, this one's too. */
export function peerProtocol(tls: PeerTls | undefined): 'http:' | 'https:' {
  return tls === undefined ? 'http:' : 'https:';
}

/**
 * Why nothing is sent to an address: half a cluster with TLS, or a record that somebody forged to be sent the secret.
 * Undefined for an address that is as this node's own.
 */
export function transportFault(address: string, tls: PeerTls | undefined): string | undefined {
  if (!URL.canParse(address)) return `'${address}' is no address`;
  const { protocol } = new URL(address);
  if (protocol === peerProtocol(tls)) return undefined;
  return tls === undefined
    ? `${address} takes TLS, for which this node lacks ${TLS_KEYS.join(', ')}`
    : `${address} is in clear, and this node talks TLS alone (${TLS_KEYS[0]})`;
}
