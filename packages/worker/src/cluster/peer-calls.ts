import { DirectoryUnavailable, type InstanceName, type Ownership } from '@sluice/directory';
import { ApiError } from '@sluice/protocol';
import { NotHeld } from '../sessions/not-held.ts';
import type { SentReads } from '../sessions/sent-reads.ts';
import type { Session } from '../sessions/session.ts';
import { within } from '../within.ts';
import type { Instances } from './instances.ts';

export interface PeerReply {
  readonly status: number;
  readonly body: unknown;
}

export type PeerHandler = (body: unknown) => Promise<PeerReply>;

export interface PeerCallsOptions {
  readonly instances: Instances;
  /** Of an instance that is held here. */
  readonly sentReads: (name: InstanceName) => Pick<SentReads, 'delivered' | 'undelivered'> | undefined;
  /** Reads of the instance that wait for records are answered with what there is. */
  readonly answerReads: (name: InstanceName) => Promise<void>;
  /** Begins to hand over everything; returns at once. */
  readonly drain: () => void;
  readonly onError: (error: unknown) => void;
}

/** What other nodes ask of this one beside clients' requests. */
export function peerCalls(options: PeerCallsOptions): ReadonlyMap<string, PeerHandler> {
  const { instances, sentReads, answerReads, drain } = options;
  return new Map<string, PeerHandler>([
    // That it is answered is the answer.
    ['ping', async () => ({ status: 204, body: undefined })],
    [
      'holds',
      async (body) => {
        const epoch = instances.epochOf(nameOf(body));
        return epoch === undefined ? { status: 404, body: {} } : { status: 200, body: { epoch } };
      },
    ],
    [
      'undelivered',
      async (body) => {
        sentReads(nameOf(body))?.undelivered(text(body, 'request'));
        return { status: 204, body: undefined };
      },
    ],
    [
      'delivered',
      async (body) => {
        for (const read of list(body, 'reads')) sentReads(nameOf(read))?.delivered([text(read, 'request')]);
        return { status: 204, body: undefined };
      },
    ],
    [
      'answer',
      async (body) => {
        await Promise.all(namesIn(body).map(answerReads));
        return { status: 204, body: undefined };
      },
    ],
    ['adopt', async (body) => await adopt(body, options)],
    [
      'drain',
      async () => {
        drain();
        return { status: 202, body: {} };
      },
    ],
  ]);
}

/** The longest that a holder may have its answer wait. */
const READY_MAX_MS = 5000;
/** However long it takes: a client that reads meanwhile waits for the same. */
const JOIN_MAX_MS = 60_000;

/**
 * The holder of an instance gives it away. Connects at once: its client is about to read. Requests come here from the claim
 * on; the answer waits until they can be served, so that the holder keeps its next ones as long.
 */
async function adopt(body: unknown, { instances, onError }: PeerCallsOptions): Promise<PeerReply> {
  const name = nameOf(body);
  try {
    const session = await instances.claim(name, ownerIn(body), 'handover');
    if (session === undefined) return { status: 409, body: { reason: 'gone' } };
    if (session.reading.hasSource) await within(readyWithinMs(body), readyToRead(session, onError));
    return { status: 200, body: { epoch: session.store.epoch } };
  } catch (error) {
    const isExpected = error instanceof NotHeld || error instanceof ApiError || error instanceof DirectoryUnavailable;
    if (!isExpected) throw error;
    return { status: 409, body: { reason: error.message } };
  }
}

/** Never rejects: a read will tell its client what is wrong. */
async function readyToRead(session: Session, onError: (error: unknown) => void): Promise<void> {
  try {
    await session.untilJoined(JOIN_MAX_MS);
  } catch (error) {
    // Deleted or moved on meanwhile, or its group goes on rebalancing.
    if (!(error instanceof ApiError)) onError(error);
  }
}

/** Nodes of an older version do not say; they never waited. */
function readyWithinMs(body: unknown): number {
  const { readyWithinMs: given } = body as { readonly readyWithinMs?: unknown };
  return typeof given === 'number' && given > 0 ? Math.min(given, READY_MAX_MS) : 0;
}

function malformed(field: string): never {
  throw new ApiError('badRequest', { message: `Another node sent a call without a proper '${field}'.` });
}

function text(body: unknown, field: string): string {
  const value = (body as Readonly<Record<string, unknown>> | null)?.[field];
  return typeof value === 'string' ? value : malformed(field);
}

function list(body: unknown, field: string): readonly unknown[] {
  const value = (body as Readonly<Record<string, unknown>> | null)?.[field];
  return Array.isArray(value) ? value : malformed(field);
}

function nameOf(body: unknown): InstanceName {
  return { group: text(body, 'group'), instance: text(body, 'instance') };
}

function namesIn(body: unknown): readonly InstanceName[] {
  const { instances } = (body ?? {}) as { readonly instances?: unknown };
  return Array.isArray(instances) ? instances.map(nameOf) : malformed('instances');
}

function ownerIn(body: unknown): Ownership {
  const { from } = body as { readonly from?: { readonly node?: unknown; readonly epoch?: unknown } };
  const epoch = from?.epoch;
  if (typeof epoch !== 'number' || !Number.isSafeInteger(epoch)) return malformed('from');
  return { node: { id: text(from?.node, 'id'), boot: text(from?.node, 'boot') }, epoch };
}
