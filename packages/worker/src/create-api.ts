import type { Ownership } from '@sluice/directory';
import { servicePrincipal } from '@sluice/kafka';
import { openApiDocument } from '@sluice/protocol';
import { servedVersions } from '@sluice/runtime';
import type { Api } from './api.ts';
import { ClusterMember } from './cluster/cluster-member.ts';
import type { ClusterMetrics } from './cluster/cluster-metrics.ts';
import { Departures } from './cluster/departures.ts';
import { staticMemberId } from './cluster/instance-record.ts';
import { Instances } from './cluster/instances.ts';
import { localSessions, type SessionFactory, SharedSessions } from './cluster/session-factory.ts';
import { CountedReads } from './counted-reads.ts';
import { PiecePool } from './formats/piece-pool.ts';
import { type RecordFormats, recordFormats } from './formats/record-formats.ts';
import { ByteBudget } from './http/byte-budget.ts';
import { RecordMetrics } from './record-metrics.ts';
import { UnawaitedProduces } from './resources/unawaited-produces.ts';
import { ReadScheduler } from './sessions/read-scheduler.ts';
import { ReplayStore } from './sessions/replay-store.ts';
import type { Session } from './sessions/session.ts';
import { SessionRegistry } from './sessions/session-registry.ts';
import type { SessionDependencies } from './sessions/session-settings.ts';
import { TopicNames } from './sessions/topic-names.ts';
import type { WorkerOptions } from './worker-options.ts';

/** What handlers work with, and this node's part in the cluster, if there is one. */
export interface WorkerParts {
  readonly api: Api;
  readonly member: ClusterMember | undefined;
  readonly departures: Departures;
}

interface Context {
  readonly options: WorkerOptions;
  readonly metrics: ClusterMetrics;
  /** Nothing new is taken any more. */
  readonly draining: () => boolean;
  /** The process ends. */
  readonly ending: () => boolean;
}

const now = (): number => performance.now();

function dependenciesOf(
  { admins, config, createConsumer, logger }: WorkerOptions,
  scheduler: ReadScheduler,
): SessionDependencies {
  return {
    admins,
    scheduler,
    createConsumer,
    joinTimeoutMs: config.kafka.adminTimeoutMs,
    now,
    onLog: (severity, facility, message) => {
      if (severity <= 3) logger.warn({ facility }, message);
      else logger.debug({ facility }, message);
    },
  };
}

/** Puts together what serves requests. Nothing is started yet. */
export function createApi(context: Context): WorkerParts {
  const { options, draining, ending } = context;
  const { config, admins } = options;
  const scheduler = new ReadScheduler();
  const replays = new ReplayStore(config.consumer.replayMaxBytes);
  const sessions = sessionsOf(options, { replays, instances: () => instances, departures: () => departures });
  const topicNames = topicNamesOf(options);
  const formats = recordFormats(options.schemas, options.dialect.formats);
  const dependencies = dependenciesOf(options, scheduler);
  const departures = departuresOf(options, sessions);
  const member = memberOf(context, sessions, () => instances);
  const instances: Instances = new Instances({
    directory: options.directory,
    identity: options.identity,
    sessions,
    factory: factoryOf(context, {
      dependencies,
      member,
      topicNames,
      formats,
      onLost: (...loss) => void instances.lose(...loss),
    }),
    instanceTimeoutMs: config.consumer.instanceTimeoutMs,
    isShared: member !== undefined,
    draining,
    mayTakeOver: () => member?.membership.mayTakeOver ?? true,
    now,
    wallClock: Date.now,
    onLateArrival: () => member?.membership.assert(),
    onEnded: (name) => departures.begin(name),
    onTakeover: (reason, outcome, seconds) => context.metrics.takeover(reason, outcome, seconds),
  });
  topicNames.follow(sessions);
  const api: Api = {
    config,
    dialect: options.dialect,
    version: options.version,
    openApi: JSON.stringify(
      openApiDocument({ title: 'Sluice', version: options.version }, servedVersions(config.front), options.dialect),
    ),
    admins,
    producers: options.producers,
    sessions,
    instances,
    shownNode: config.cluster.showNode ? options.identity : undefined,
    groupInstanceId: (instance) => {
      return options.cluster === undefined ? undefined : staticMemberId(config.cluster.id, instance);
    },
    scheduler,
    replays,
    reads: new CountedReads(config.consumer.readsMax),
    logReaders: options.logReaders,
    topicNames,
    pieces: new PiecePool(),
    bodyBudget: new ByteBudget(config.http.bodyTotalMaxBytes),
    formats,
    schemas: options.schemas,
    recordMetrics: new RecordMetrics(options.metrics),
    unawaited: new UnawaitedProduces(options.metrics),
    principalOf: options.principalOf,
    draining: ending,
    now,
  };
  return { api, member, departures };
}

interface SessionParts {
  readonly replays: ReplayStore;
  readonly instances: () => Instances;
  readonly departures: () => Departures;
}

/** The instances that are held here, and what becomes of what they leave behind. */
function sessionsOf(options: WorkerOptions, { replays, instances, departures }: SessionParts): SessionRegistry {
  const { config, logger } = options;
  return new SessionRegistry({
    instancesMax: config.consumer.instancesMax,
    instanceTimeoutMs: config.consumer.instanceTimeoutMs,
    now,
    outlived: options.cluster !== undefined,
    onLeft: (session) => instances().bury(session),
    onClosed: (session, reason, error) => {
      replays.forget(session);
      const { group, instance, groupInstanceId } = session.settings;
      if ((reason === 'deleted' || reason === 'expired') && groupInstanceId !== undefined) {
        if (error !== undefined || session.hasRelic) departures().begin({ group, instance });
        else if (session.reading.isSubscribed) departures().verify({ group, instance });
      }
      if (error === undefined) logger.info({ group, instance, reason }, 'A consumer instance ended.');
      else logger.warn({ group, instance, reason, error }, 'A consumer instance ended with an error.');
    },
  });
}

function memberOf(
  { options, metrics, draining }: Context,
  sessions: SessionRegistry,
  instances: () => Instances,
): ClusterMember | undefined {
  const { cluster, directory, identity, config, logger } = options;
  if (cluster === undefined) return undefined;
  return new ClusterMember({
    cluster,
    directory,
    identity,
    leaseMs: config.cluster.leaseMs,
    instancesMax: config.consumer.instancesMax,
    sessions,
    instances,
    release: (session, owner) => instances().release(session, owner),
    onLost: (session, owner) => instances().lose(session, owner),
    draining,
    metrics,
    logger,
    now,
  });
}

interface FactoryParts {
  readonly dependencies: SessionDependencies;
  readonly member: ClusterMember | undefined;
  readonly topicNames: TopicNames;
  readonly formats: RecordFormats;
  readonly onLost: (session: Session, owner: Ownership | undefined) => void;
}

function factoryOf({ options }: Context, parts: FactoryParts): SessionFactory {
  const { dependencies, member, topicNames, formats, onLost } = parts;
  if (member === undefined) return localSessions(dependencies);
  return new SharedSessions({
    dependencies,
    directory: options.directory,
    lease: member.membership.lease,
    flush: member.flush,
    topicNames,
    cluster: options.config.cluster.id,
    principalOf: () => servicePrincipal,
    formats,
    onLost,
    joinMs: options.config.consumer.instanceTimeoutMs,
    wallClock: Date.now,
    onError: (error) => options.logger.warn({ error }, 'An instance was taken over without knowing all of its topics.'),
  });
}

function topicNamesOf({ admins, logger }: WorkerOptions): TopicNames {
  return new TopicNames(admins, (error) =>
    logger.warn({ error }, 'The topics for pattern subscriptions could not be listed.'),
  );
}

function departuresOf(options: WorkerOptions, sessions: SessionRegistry): Departures {
  const { admins, config, logger, directory, identity } = options;
  return new Departures({
    remove: async ({ group, instance }, isGone) => {
      const groupInstanceId = staticMemberId(config.cluster.id, instance);
      await admins.of(servicePrincipal).removeStaticMember({ group, groupInstanceId, isGone });
    },
    sessions,
    directory,
    identity,
    onError: (error, name) => logger.warn({ error, ...name }, 'A group could not be told that a member has gone.'),
  });
}
