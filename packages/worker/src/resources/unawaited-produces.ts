import { setImmediate } from 'node:timers/promises';
import type { BatchResult } from '@sluice/kafka';
import type { BoundCounter, Metrics } from '@sluice/runtime';

/**
 * Produces whose clients were answered before Kafka was (`async=true`, Strimzi's): what becomes of them is told by a
 * metric alone. They take their part of the producer's queue like all others, so that there are no more than it holds.
 */
export class UnawaitedProduces {
  readonly #failed: BoundCounter;
  #underWay = 0;

  constructor(metrics: Metrics) {
    this.#failed = metrics
      .counter('produce_unawaited_failed_total', 'Records of produces with async=true that were not written.')
      .bind({});
    metrics.observedGauge('produce_unawaited', 'Produces with async=true that are under way.', () => this.#underWay);
  }

  /**
   * Resolves when the records are in the queue.
   * @param records how many
   * @param release called when nothing refers to the request's body any more
   * @throws what the queue refuses them with: nothing was sent then
   */
  async accept(produced: Promise<BatchResult>, records: number, release: () => void): Promise<void> {
    this.#underWay += 1;
    const settled = produced
      .then(
        ({ errors }) => this.#failed.inc(errors?.size ?? 0),
        () => this.#failed.inc(records),
      )
      .finally(() => {
        this.#underWay -= 1;
        release();
      });
    settled.catch(() => undefined);
    // A queue without room says so at once.
    await Promise.race([produced, setImmediate()]);
  }
}
