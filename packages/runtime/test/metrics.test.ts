import { Metrics, type MetricsOptions } from '@sluice/runtime';
import { afterEach, describe, expect, it } from 'vitest';

const open: Metrics[] = [];

function create(options?: MetricsOptions): Metrics {
  const metrics = new Metrics(options);
  open.push(metrics);
  return metrics;
}

async function samples(metrics: Metrics, name: string): Promise<string[]> {
  return (await metrics.expose()).split('\n').filter((line) => line.startsWith(name));
}

afterEach(() => {
  for (const metrics of open.splice(0)) metrics.close();
});

describe('metrics', () => {
  it('count between scrapes and lose nothing at one', async () => {
    const metrics = create();
    const counter = metrics
      .counter('http_requests_total', 'x', ['route', 'status'])
      .bind({ route: '/topics', status: '200' });
    expect(await samples(metrics, 'sluice_http_requests_total')).toEqual([
      'sluice_http_requests_total{route="/topics",status="200"} 0',
    ]);
    counter.inc();
    counter.inc(2);
    await metrics.expose();
    counter.inc();
    expect(await samples(metrics, 'sluice_http_requests_total')).toEqual([
      'sluice_http_requests_total{route="/topics",status="200"} 4',
    ]);
  });

  it('give the same child for the same labels', () => {
    const counter = create().counter('a_total', 'x', ['route']);
    expect(counter.bind({ route: '/' })).toBe(counter.bind({ route: '/' }));
  });

  it('keep the number of label sets bounded: what comes beyond is counted as other', async () => {
    const metrics = create({ labelSetsMax: 2 });
    const counter = metrics.counter('a_total', 'x', ['route']);
    for (const route of ['/1', '/2', '/3', '/4', '/1']) counter.bind({ route }).inc();
    expect(await samples(metrics, 'sluice_a_total')).toEqual([
      'sluice_a_total{route="/1"} 2',
      'sluice_a_total{route="/2"} 1',
      'sluice_a_total{route="other"} 2',
    ]);
  });

  it('spread observations over buckets', async () => {
    const metrics = create();
    const histogram = metrics.histogram('wait_seconds', 'x', ['route'], [0.1, 1]).bind({ route: '/' });
    histogram.observe(0.05);
    histogram.observe(0.5);
    expect(await samples(metrics, 'sluice_wait_seconds')).toEqual([
      'sluice_wait_seconds_bucket{le="0.1",route="/"} 1',
      'sluice_wait_seconds_bucket{le="1",route="/"} 2',
      'sluice_wait_seconds_bucket{le="+Inf",route="/"} 2',
      'sluice_wait_seconds_sum{route="/"} 0.55',
      'sluice_wait_seconds_count{route="/"} 2',
    ]);
  });

  it('ask for an observed gauge at each scrape', async () => {
    const metrics = create();
    let size = 1;
    metrics.observedGauge('queue_size', 'x', () => size);
    expect(await samples(metrics, 'sluice_queue_size')).toEqual(['sluice_queue_size 1']);
    size = 5;
    expect(await samples(metrics, 'sluice_queue_size')).toEqual(['sluice_queue_size 5']);
  });

  it("tell about the process and its event loop, under names that Prometheus' checker takes", async () => {
    const text = await create().expose();
    const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({ name, type }));
    expect(names.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'process_resident_memory_bytes',
        'sluice_event_loop_delay_p99_seconds',
        'sluice_event_loop_delay_max_seconds',
        'sluice_event_loop_utilization_ratio',
      ]),
    );
    expect(names.filter(({ name, type }) => name?.endsWith('_total') && type !== 'counter')).toEqual([]);
  });

  it('of two servers in one process do not meet', () => {
    create().counter('a_total', 'x');
    expect(() => create().counter('a_total', 'x')).not.toThrow();
  });
});
