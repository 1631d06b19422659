import type { ClaimRequest, LeaseOutcome } from '@sluice/directory';
import type { Metrics } from '@sluice/runtime';

/** What an operator wants to know of a node: its lease, and what came and went. */
export class ClusterMetrics {
  readonly #takeovers;
  readonly #takeoverSeconds;
  readonly #handOvers;
  readonly #handOverSeconds;
  readonly #renewals;
  readonly #renewalSeconds;
  readonly #fences;
  readonly #declined;

  constructor(metrics: Metrics) {
    this.#takeovers = metrics.counter(
      'cluster_takeovers_total',
      'Instances claimed from another node, by reason and outcome.',
      ['reason', 'outcome'],
    );
    this.#takeoverSeconds = metrics
      .histogram('cluster_takeover_seconds', 'From the wish to take an instance over to the word of the directory.')
      .bind({});
    this.#handOvers = metrics.counter('cluster_handovers_total', 'Instances that this node gave away, by outcome.', [
      'outcome',
    ]);
    this.#handOverSeconds = metrics
      .histogram('cluster_handover_seconds', 'How long an instance was on its way to its next node.')
      .bind({});
    this.#renewals = metrics.counter(
      'cluster_lease_renewals_total',
      'Attempts to prolong the lease of this node, by outcome.',
      ['outcome'],
    );
    this.#renewalSeconds = metrics
      .histogram('cluster_lease_renewal_seconds', 'How long the directory took to prolong the lease.')
      .bind({});
    this.#fences = metrics
      .counter(
        'cluster_self_fences_total',
        'Times at which this node gave up its lease, since no renewal came through.',
      )
      .bind({});
    this.#declined = metrics.counter(
      'cluster_declined_total',
      'Requests of other nodes for what this one does not hold.',
      ['reason'],
    );
  }

  takeover(reason: ClaimRequest['reason'], outcome: string, seconds: number): void {
    this.#takeovers.bind({ reason, outcome }).inc();
    this.#takeoverSeconds.observe(seconds);
  }

  handOver(outcome: 'moved' | 'kept', seconds: number): void {
    this.#handOvers.bind({ outcome }).inc();
    this.#handOverSeconds.observe(seconds);
  }

  renewal(outcome: LeaseOutcome | 'failed', tookMs: number): void {
    this.#renewals.bind({ outcome }).inc();
    this.#renewalSeconds.observe(tookMs / 1000);
  }

  fenced(): void {
    this.#fences.inc();
  }

  declined(moving: boolean): void {
    this.#declined.bind({ reason: moving ? 'moving' : 'not-held' }).inc();
  }
}
