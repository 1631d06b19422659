import type { BoundCounter, Metrics } from '../metrics.ts';

/** Connections, and what was refused on them before there was a request to route. */
export class ConnectionMetrics {
  readonly #refusals: (status: number | 'tls') => BoundCounter;
  readonly #dropped: BoundCounter;
  #open = 0;

  /** @param prefix `peer` for the internal listener: its connections are those of other nodes, not of clients */
  constructor(metrics: Metrics, limit: number, prefix: 'http' | 'peer' = 'http') {
    const whose = prefix === 'http' ? 'to the API' : 'to the internal listener';
    const refusals = metrics.counter(
      `${prefix}_refused_total`,
      'Requests refused before they had a route, by status.',
      ['status'],
    );
    this.#refusals = (status) => refusals.bind({ status: String(status) });
    this.#dropped = metrics
      .counter(`${prefix}_connections_refused_total`, 'Connections closed at once because there were too many.')
      .bind({});
    metrics.observedGauge(`${prefix}_connections`, `Open connections ${whose}.`, () => this.#open);
    metrics.observedGauge(`${prefix}_connections_limit`, 'Largest number of open connections.', () => limit);
  }

  get open(): number {
    return this.#open;
  }

  opened(): void {
    this.#open += 1;
  }

  closed(): void {
    this.#open -= 1;
  }

  dropped(): void {
    this.#dropped.inc();
  }

  /** `tls`: there was no request, as its connection came without a certificate that is believed. */
  refused(status: number | 'tls'): void {
    this.#refusals(status).inc();
  }
}
