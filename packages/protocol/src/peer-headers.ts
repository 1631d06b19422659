/**
 * What the nodes of a cluster tell each other beside a client's request and its answer. These headers mean something on
 * the internal listener only; from anybody else they are dropped.
 */
export const PEER_PREFIX = 'x-sluice-';

export const peerHeaders = {
  /** `sluice.cluster.secret`: who does not have it is no peer. */
  secret: 'x-sluice-secret',
  /** The node that is meant, in the life that is meant: addresses are used again. */
  target: 'x-sluice-target',
  /**
   * An attempt to serve a client's request: the id of the request, the epoch or `-`, and the ids of earlier reads whose
   * answers their clients have, with a space between each. One header, because each costs about 1 % of a forwarded read.
   */
  attempt: 'x-sluice-attempt',
  claim: 'x-sluice-claim',
  /** `host:port` that the client's connection came in on, for clients that send no Host. */
  authority: 'x-sluice-authority',
  /** Of an answer: it holds records, and the node wants to be told when the client has it. */
  awaited: 'x-sluice-awaited',
  /** Of an answer: nothing was done, and another node may do it. */
  notAccepted: 'x-sluice-not-accepted',
  /** Of an answer that was not accepted: who holds the instance, as far as the node knows. */
  owner: 'x-sluice-owner',
  /** Of an answer about an instance, where `sluice.cluster.show.node` says so: the node that gave it. Clients get it, too. */
  servedBy: 'x-sluice-node',
} as const;

/** One life of a node. */
export interface PeerNode {
  readonly id: string;
  readonly boot: string;
}

export interface PeerOwner {
  readonly node: PeerNode;
  readonly epoch: number;
}

/** Take the instance over before serving: its holder's lease is over, or its port refused twice. */
export interface PeerClaim {
  readonly from: PeerOwner;
  readonly reason: 'expired' | 'refused';
}

/** One try at serving a client's request for a consumer instance, here or at another node. */
export interface Attempt {
  /** The same for all attempts of one request. */
  readonly requestId: string;
  /** Since when the node is believed to hold the instance. */
  readonly epoch?: number | undefined;
  readonly claim?: PeerClaim | undefined;
  /** Earlier reads of the instance, by their request ids, whose answers reached their clients. */
  readonly delivered?: readonly string[] | undefined;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const NO_EPOCH = '-';
const REASONS: readonly string[] = ['expired', 'refused'];
const REQUEST_ID = /^[\x21-\x7e]{1,200}$/;

export function formatPeerNode({ id, boot }: PeerNode): string {
  return `${encodeURIComponent(id)};${encodeURIComponent(boot)}`;
}

export function formatPeerOwner({ node, epoch }: PeerOwner): string {
  return `${formatPeerNode(node)};${epoch}`;
}

/** @returns undefined for what is none */
export function parsePeerOwner(text: string | undefined): PeerOwner | undefined {
  const [id, boot, epoch, ...more] = text?.split(';') ?? [];
  if (id === undefined || boot === undefined || more.length > 0) return undefined;
  const parsed = parseEpoch(epoch);
  if (parsed === undefined) return undefined;
  try {
    return { node: { id: decodeURIComponent(id), boot: decodeURIComponent(boot) }, epoch: parsed };
  } catch {
    return undefined;
  }
}

export function formatAttempt({ requestId, epoch, claim, delivered }: Attempt): Record<string, string> {
  let attempt = requestId;
  if (epoch !== undefined || delivered !== undefined) attempt += ` ${epoch ?? NO_EPOCH}`;
  if (delivered !== undefined) for (const id of delivered) attempt += ` ${id}`;
  // Spelt out: V8 has no shape ready for an object whose keys it has to compute.
  const headers: Record<string, string> = { 'x-sluice-attempt': attempt };
  if (claim !== undefined) headers[peerHeaders.claim] = `${formatPeerOwner(claim.from)};${claim.reason}`;
  return headers;
}

/** @returns undefined when a header is missing or malformed: no peer of ours sends that */
export function parseAttempt(headers: Headers): Attempt | undefined {
  const text = headers[peerHeaders.attempt];
  const claimText = headers[peerHeaders.claim];
  if (typeof text !== 'string') return undefined;
  const [requestId = '', epochText = NO_EPOCH, ...delivered] = text.split(' ');
  const epoch = epochText === NO_EPOCH ? undefined : parseEpoch(epochText);
  const claim = typeof claimText === 'string' ? parseClaim(claimText) : undefined;
  const isWhole = REQUEST_ID.test(requestId) && delivered.every((id) => REQUEST_ID.test(id));
  if (!isWhole || (epoch === undefined && epochText !== NO_EPOCH) || (claim === undefined && claimText !== undefined)) {
    return undefined;
  }
  return delivered.length === 0 ? { requestId, epoch, claim } : { requestId, epoch, claim, delivered };
}

function parseEpoch(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

function parseClaim(text: string): PeerClaim | undefined {
  const end = text.lastIndexOf(';');
  const reason = text.slice(end + 1);
  const from = parsePeerOwner(text.slice(0, Math.max(end, 0)));
  return from === undefined || !REASONS.includes(reason) ? undefined : { from, reason: reason as PeerClaim['reason'] };
}
