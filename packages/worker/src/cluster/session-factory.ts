import type { Directory, HeldInstance, InstanceRecord, Ownership } from '@sluice/directory';
import { Session } from '../sessions/session.ts';
import type { SessionDependencies, SessionSettings } from '../sessions/session-settings.ts';
import { localStore } from '../sessions/session-store.ts';
import type { TopicNames } from '../sessions/topic-names.ts';
import { rejoinIfChanged } from './changed-subscription.ts';
import { HeldStore } from './held-store.ts';
import { parseConfigText, type RecordContext } from './instance-record.ts';
import type { PositionFlush } from './position-flush.ts';

/** Makes sessions of instances that this node holds. */
export interface SessionFactory {
  make(
    settings: SessionSettings,
    held: HeldInstance,
    given: { readonly config: string; readonly term: number },
  ): Session;
  /** The term of this node's lease. What the directory gives counts from the term in which it was asked for it. */
  readonly term: number;
  /** Whether this version can go on with it. */
  understands(record: InstanceRecord): boolean;
  /** @throws Error for a record that it does not understand */
  restore(record: InstanceRecord, term: number): Promise<Session>;
}

/** Of a proxy that stands alone: nobody goes on with an instance of another. */
export function localSessions(dependencies: SessionDependencies): SessionFactory {
  return {
    term: 0,
    make: (settings, { epoch }) => new Session(settings, dependencies, localStore(epoch)),
    understands: () => false,
    restore: () => Promise.reject(new Error('nobody takes over from a proxy that stands alone')),
  };
}

export interface SharedSessionsOptions extends RecordContext {
  readonly dependencies: SessionDependencies;
  readonly directory: Pick<Directory, 'write' | 'assert' | 'find'>;
  readonly lease: { readonly held: boolean; readonly term: number };
  readonly flush: PositionFlush;
  readonly topicNames: TopicNames;
  /** Another node holds it; without an owner: it was deleted. */
  readonly onLost: (session: Session, owner: Ownership | undefined) => void;
  /** Ms after which an instance that nobody has asked for has ended. */
  readonly joinMs: number;
  readonly wallClock: () => number;
  readonly onError: (error: unknown) => void;
}

/** Sessions whose state is kept where a successor finds it. */
export class SharedSessions implements SessionFactory {
  readonly #options: SharedSessionsOptions;

  constructor(options: SharedSessionsOptions) {
    this.#options = options;
  }

  get term(): number {
    return this.#options.lease.term;
  }

  make(
    settings: SessionSettings,
    held: HeldInstance,
    given: { readonly config: string; readonly term: number },
  ): Session {
    return this.#session(settings, held, { ...given, written: {} });
  }

  understands({ name, config }: InstanceRecord): boolean {
    return parseConfigText(name, config, this.#options) !== undefined;
  }

  async restore(record: InstanceRecord, term: number): Promise<Session> {
    const { name, node, epoch, config, state } = record;
    const settings = parseConfigText(name, config, this.#options);
    if (settings === undefined) throw new Error(`an instance record of a later version: ${config}`);
    const session = this.#session(settings, { name, node, epoch }, { config, term, written: state });
    session.restore(state);
    if (session.reading.followsPattern) await this.#findTopics(session);
    await this.#rejoinIfChanged(session);
    return session;
  }

  #session(
    settings: SessionSettings,
    held: HeldInstance,
    known: { readonly config: string; readonly term: number; readonly written: Readonly<Record<string, string>> },
  ): Session {
    const { directory, lease, flush, onLost, wallClock, dependencies } = this.#options;
    const store = new HeldStore({
      directory,
      lease,
      held,
      ...known,
      wallClock,
      onTouch: (touched, journal) => flush.touch(touched, journal),
      onLost: (owner) => {
        flush.forget(store);
        onLost(session, owner);
      },
    });
    const session = new Session(settings, dependencies, store);
    return session;
  }

  async #rejoinIfChanged(session: Session): Promise<void> {
    const { dependencies, joinMs, onError } = this.#options;
    const { group, groupInstanceId, principal } = session.settings;
    if (groupInstanceId === undefined) return;
    const admin = dependencies.admins.of(principal);
    const membership = {
      joinedFor: async () => await admin.subscriptionOf(group, groupInstanceId),
      remove: async () => {
        await admin.removeStaticMember({ group, groupInstanceId, isGone: async () => !session.closed });
      },
    };
    await rejoinIfChanged(session, membership, { joinMs, onError }).catch(onError);
  }

  /** Which topics its pattern matches was never written down. Without an answer the next regular listing tells. */
  async #findTopics(session: Session): Promise<void> {
    const { topicNames, onError } = this.#options;
    try {
      await session.reading.refreshPattern(await topicNames.list(session.settings.principal));
    } catch (error) {
      onError(error);
    }
  }
}
