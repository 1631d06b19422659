import { Edge, type EdgeHooks, type LocalNode } from '@sluice/edge';
import type { Logger, Metrics } from '@sluice/runtime';
import type { ClusterParts } from './cluster-parts.ts';
import type { ServerContext } from './server-context.ts';

/** Makes the public side of a process. @param local the worker behind it, if there is one */
export function createEdge(
  { configuration, metrics, log, dialect }: ServerContext,
  { directory, peers, tls, shared }: ClusterParts,
  local: LocalNode | undefined,
): Edge {
  const { cluster, http, consumer } = configuration.config;
  return new Edge({
    directory,
    local,
    dialect,
    peers: shared ? peers : undefined,
    secret: cluster.secret,
    tls,
    leaseMs: cluster.leaseMs,
    heldMax: cluster.heldMax,
    bufferMaxBytes: cluster.bufferMaxBytes,
    bufferTotalMaxBytes: http.bodyTotalMaxBytes,
    bodyTimeoutMs: http.bodyTimeoutMs,
    pollTimeoutMs: Math.max(consumer.maxTimeoutMs, consumer.requestTimeoutMs) + POLL_MARGIN_MS,
    clientStallMs: http.idleTimeoutMs,
    ownersMax: cluster.ownersMax,
    hooks: edgeMetrics(metrics, log),
  });
}

/** A node may wait for records that long beyond what its client asked for: for its partitions, and for Kafka. */
const POLL_MARGIN_MS = 45_000;

/** Of the requests that are given up one is logged in so long; all are counted. */
const GIVEN_UP_EACH_MS = 1000;

function edgeMetrics(metrics: Metrics, log: Logger): EdgeHooks {
  const lookups = metrics.counter('edge_owner_lookups_total', 'Where the holder of an instance was found.', ['source']);
  const declined = metrics.counter('edge_declined_total', 'Nodes that did nothing and said so, by status.', ['status']);
  const retries = metrics.counter('edge_retries_total', 'Requests that were tried again, by reason.', ['reason']);
  const held = metrics.counter('edge_held_total', 'Requests that waited while their instance moved, by outcome.', [
    'outcome',
  ]);
  const heldSeconds = metrics.histogram('edge_held_seconds', 'How long they waited.').bind({});
  const takeovers = metrics.counter(
    'edge_takeovers_total',
    'Nodes that were asked to take an instance over, by reason.',
    ['reason'],
  );
  const forwarded = metrics.counter('edge_forwarded_total', 'Tries at other nodes, by outcome.', ['outcome']);
  const forwardSeconds = metrics.histogram('edge_forward_seconds', 'How long a try at another node took.').bind({});
  const undelivered = metrics
    .counter('edge_undelivered_total', 'Answers that did not reach their client, and whose node was told.')
    .bind({});
  const silent = metrics
    .counter('edge_silent_nodes_total', 'Times at which a node had answered nothing for a while, and no ping.')
    .bind({});
  const scatters = metrics.counter(
    'edge_scatters_total',
    'Times at which all nodes were asked who holds an instance.',
    ['found'],
  );
  let givenUpAt = Number.NEGATIVE_INFINITY;
  // What each request counts is bound once.
  const remembered = lookups.bind({ source: 'cache' });
  const answered = forwarded.bind({ outcome: 'answered' });
  return {
    onLookup: (source) => (source === 'cache' ? remembered : lookups.bind({ source })).inc(),
    onDeclined: (status) => declined.bind({ status: String(status) }).inc(),
    onRetry: (reason) => retries.bind({ reason }).inc(),
    onHeld: (seconds, outcome) => {
      held.bind({ outcome }).inc();
      heldSeconds.observe(seconds);
    },
    onGivenUp: (instance, requestId, last) => {
      const now = performance.now();
      if (now - givenUpAt < GIVEN_UP_EACH_MS) return;
      givenUpAt = now;
      log.warn(
        { ...instance, requestId, ...last },
        'A request was answered 503: its instance was on its way for too long.',
      );
    },
    onTakeover: (reason) => takeovers.bind({ reason }).inc(),
    onForwarded: (outcome, seconds) => {
      (outcome === 'answered' ? answered : forwarded.bind({ outcome })).inc();
      forwardSeconds.observe(seconds);
    },
    onUndelivered: () => undelivered.inc(),
    onSilent: () => silent.inc(),
    onScatter: (found) => scatters.bind({ found: String(found) }).inc(),
    onError: (error) => log.debug({ error }, 'The cluster could not be asked.'),
  };
}
