import type { EmbeddedFormat } from '@sluice/protocol';
import type { BoundCounter, Metrics } from '@sluice/runtime';

type Direction = 'produced' | 'failed' | 'consumed';

/** Records and their raw bytes, in and out, by format. */
export class RecordMetrics {
  readonly #count: (direction: Direction, format: EmbeddedFormat) => { records: BoundCounter; bytes: BoundCounter };
  readonly #bound = new Map<string, { records: BoundCounter; bytes: BoundCounter }>();

  constructor(metrics: Metrics) {
    const labels = ['direction', 'format'] as const;
    const records = metrics.counter('records_total', 'Records produced, failed to produce, and consumed.', labels);
    const bytes = metrics.counter('record_bytes_total', 'Raw key and value bytes of those records.', labels);
    this.#count = (direction, format) => ({
      records: records.bind({ direction, format }),
      bytes: bytes.bind({ direction, format }),
    });
  }

  add(direction: Direction, format: EmbeddedFormat, records: number, bytes: number): void {
    if (records === 0) return;
    const key = `${direction}/${format}`;
    let bound = this.#bound.get(key);
    if (bound === undefined) {
      bound = this.#count(direction, format);
      this.#bound.set(key, bound);
    }
    bound.records.inc(records);
    bound.bytes.inc(bytes);
  }
}
