import type { Route } from '@sluice/protocol';
import type { BoundCounter, BoundHistogram, Metrics } from '@sluice/runtime';

interface RouteMetrics {
  readonly duration: BoundHistogram;
  readonly bytesIn: BoundCounter;
  readonly bytesOut: BoundCounter;
  readonly byStatus: Map<number, BoundCounter>;
}

/** Requests, their durations and sizes by route template: names in paths never become labels. */
export class RequestMetrics {
  readonly #byRoute = new Map<Route | undefined, RouteMetrics>();
  readonly #bind: (route: Route | undefined) => RouteMetrics;
  readonly #count: (route: Route | undefined, status: number) => BoundCounter;

  constructor(metrics: Metrics) {
    const requests = metrics.counter('http_requests_total', 'Requests by route and status.', [
      'method',
      'route',
      'status',
    ]);
    const duration = metrics.histogram(
      'http_request_duration_seconds',
      'From the request line to the end of the answer.',
      ['method', 'route'],
    );
    const bytesIn = metrics.counter('http_request_bytes_total', 'Body bytes received.', ['method', 'route']);
    const bytesOut = metrics.counter('http_response_bytes_total', 'Body bytes sent.', ['method', 'route']);
    const labelsOf = (route: Route | undefined): { method: string; route: string } =>
      route === undefined ? { method: 'other', route: 'unmatched' } : { method: route.method, route: route.template };
    this.#bind = (route) => {
      const labels = labelsOf(route);
      return {
        duration: duration.bind(labels),
        bytesIn: bytesIn.bind(labels),
        bytesOut: bytesOut.bind(labels),
        byStatus: new Map(),
      };
    };
    this.#count = (route, status) => requests.bind({ ...labelsOf(route), status: String(status) });
  }

  observe(
    route: Route | undefined,
    outcome: { readonly status: number; readonly seconds: number; readonly bytesIn: number; readonly bytesOut: number },
  ): void {
    let bound = this.#byRoute.get(route);
    if (bound === undefined) {
      bound = this.#bind(route);
      this.#byRoute.set(route, bound);
    }
    let counter = bound.byStatus.get(outcome.status);
    if (counter === undefined) {
      counter = this.#count(route, outcome.status);
      bound.byStatus.set(outcome.status, counter);
    }
    counter.inc();
    bound.duration.observe(outcome.seconds);
    bound.bytesIn.inc(outcome.bytesIn);
    bound.bytesOut.inc(outcome.bytesOut);
  }
}
