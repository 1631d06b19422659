import type { BoundCounter, Metrics } from '../metrics.ts';

/** Connections, and what was refused on them before there was a request to route. */
export class ConnectionMetrics {
  readonly #refusals: (status: number) => BoundCounter;
  readonly #dropped: BoundCounter;
  #open = 0;

  constructor(metrics: Metrics, limit: number) {
    const refusals = metrics.counter('http_refused_total', 'Requests refused before they had a route, by status.', [
      'status',
    ]);
    this.#refusals = (status) => refusals.bind({ status: String(status) });
    this.#dropped = metrics
      .counter('http_connections_refused_total', 'Connections closed at once because there were too many.')
      .bind({});
    metrics.observedGauge('http_connections', 'Open connections to the API.', () => this.#open);
    metrics.observedGauge('http_connections_limit', 'Largest number of connections to one listener.', () => limit);
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

  refused(status: number): void {
    this.#refusals(status).inc();
  }
}
