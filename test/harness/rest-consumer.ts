import type { HttpAnswer, HttpClient } from './http.ts';

const V2 = 'application/vnd.kafka.v2+json';

export interface RestRecord {
  readonly topic: string;
  readonly key: unknown;
  readonly value: unknown;
  readonly partition: number;
  readonly offset: number;
}

interface ReadOptions {
  readonly timeout?: number;
  readonly maxBytes?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The answer was another than the test counted on. */
function expectStatus(answer: HttpAnswer, status: number): HttpAnswer {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${answer.text}`);
  return answer;
}

/** Produces JSON values, in order, to one partition; returns their offsets. */
export async function produceJson(
  http: HttpClient,
  topic: string,
  values: readonly unknown[],
  partition = 0,
): Promise<number[]> {
  const answer = await http.call('POST', `/topics/${topic}`, {
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records: values.map((value) => ({ value, partition })) }),
  });
  const { offsets } = expectStatus(answer, 200).json() as {
    offsets: { offset: number | null; error: string | null }[];
  };
  return offsets.map(({ offset, error }) => {
    if (offset === null) throw new Error(`not produced: ${error}`);
    return offset;
  });
}

/** One consumer instance, seen by its client. All but `call` and `readAnswer` expect to succeed. */
export class RestConsumer {
  readonly http: HttpClient;
  readonly path: string;
  readonly accept: string;

  constructor(http: HttpClient, path: string, format: string) {
    this.http = http;
    this.path = path;
    this.accept = `application/vnd.kafka.${format}.v2+json`;
  }

  static async create(
    http: HttpClient,
    group: string,
    body: Readonly<Record<string, unknown>> = {},
  ): Promise<RestConsumer> {
    const settings = { format: 'json', 'auto.offset.reset': 'earliest', ...body };
    const answer = await http.call('POST', `/consumers/${group}`, {
      headers: { 'content-type': V2 },
      body: JSON.stringify(settings),
    });
    const { instance_id: instance } = expectStatus(answer, 200).json() as { instance_id: string };
    return new RestConsumer(http, `/consumers/${group}/instances/${instance}`, settings.format);
  }

  /** Sends one request to a route of the instance. */
  async call(method: string, route: string, body?: unknown): Promise<HttpAnswer> {
    return await this.http.call(method, this.path + route, {
      headers: { 'content-type': V2 },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async subscribe(...topics: readonly string[]): Promise<void> {
    expectStatus(await this.call('POST', '/subscription', { topics }), 204);
  }

  async assign(topic: string, ...partitions: readonly number[]): Promise<void> {
    const list = partitions.map((partition) => ({ topic, partition }));
    expectStatus(await this.call('POST', '/assignments', { partitions: list }), 204);
  }

  async seek(topic: string, partition: number, offset: number): Promise<void> {
    expectStatus(await this.call('POST', '/positions', { offsets: [{ topic, partition, offset }] }), 204);
  }

  async commit(body?: unknown): Promise<void> {
    expectStatus(await this.call('POST', '/offsets', body), 200);
  }

  /** The committed offset, as Kafka has it: the next one to read. */
  async committed(topic: string, partition = 0): Promise<number | undefined> {
    const answer = expectStatus(await this.call('GET', '/offsets', { partitions: [{ topic, partition }] }), 200);
    return (answer.json() as { offsets: { offset: number }[] }).offsets[0]?.offset;
  }

  async readAnswer(options: ReadOptions = {}): Promise<HttpAnswer> {
    const query = new URLSearchParams();
    if (options.timeout !== undefined) query.set('timeout', String(options.timeout));
    if (options.maxBytes !== undefined) query.set('max_bytes', String(options.maxBytes));
    return await this.http.call('GET', `${this.path}/records?${query.toString()}`, {
      headers: { accept: this.accept, ...options.headers },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }

  async read(options: ReadOptions = {}): Promise<RestRecord[]> {
    return expectStatus(await this.readAnswer(options), 200).json() as RestRecord[];
  }

  /** Reads until `count` records have come; fails when a read comes back empty before. */
  async readAll(count: number): Promise<RestRecord[]> {
    const records: RestRecord[] = [];
    while (records.length < count) {
      const more = await this.read({ timeout: 10_000 });
      if (more.length === 0) throw new Error(`only ${records.length} of ${count} records came`);
      records.push(...more);
    }
    return records;
  }

  async delete(): Promise<void> {
    expectStatus(await this.call('DELETE', ''), 204);
  }
}
