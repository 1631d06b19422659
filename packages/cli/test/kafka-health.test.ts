import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KafkaHealth } from '../src/kafka-health.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the look at Kafka', () => {
  it('tells what was last seen, and each change once', async () => {
    const answers: (number[] | Error)[] = [[1, 2], [1], new Error('no broker'), new Error('no broker'), [1]];
    const changes: [boolean, string][] = [];
    const health = new KafkaHealth({
      ask: async () => {
        const answer = answers.shift() ?? [];
        return answer instanceof Error ? await Promise.reject(answer) : await Promise.resolve(answer);
      },
      intervalMs: 1000,
      onChange: (ok, detail) => void changes.push([ok, detail]),
    });
    expect(health.probe()).toEqual({ ok: false, detail: 'not asked yet' });
    health.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(health.probe()).toEqual({ ok: true, detail: '2 brokers' });
    await vi.advanceTimersByTimeAsync(2000);
    expect(health.probe()).toEqual({ ok: false, detail: 'no broker' });
    await vi.advanceTimersByTimeAsync(2000);
    expect(changes).toEqual([
      [true, '2 brokers'],
      [false, 'no broker'],
      [true, '1 broker'],
    ]);
    health.stop();
  });

  it('tells why no broker can be reached, each reason once, and not too many', async () => {
    const refused = (port: number) => new Error('failed', { cause: new Error(`connect ECONNREFUSED b:${port}`) });
    const cause = new AggregateError([1, 1, 2, 3, 4].map(refused), 'Cannot connect to any broker.');
    const health = new KafkaHealth({
      ask: async () => await Promise.reject(new Error('Cannot connect to any broker.', { cause })),
      intervalMs: 1000,
      onChange: () => undefined,
    });
    health.start();
    await vi.advanceTimersByTimeAsync(0);
    health.stop();
    expect(health.probe().detail).toBe(
      'Cannot connect to any broker. (connect ECONNREFUSED b:1; connect ECONNREFUSED b:2; connect ECONNREFUSED b:3)',
    );
  });

  it('asks no more once it is stopped, also while a question is open', async () => {
    const ask = vi.fn(async () => await Promise.resolve([1]));
    const onChange = vi.fn();
    const health = new KafkaHealth({ ask, intervalMs: 1000, onChange });
    health.start();
    health.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ask).toHaveBeenCalledOnce();
    expect(onChange).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
