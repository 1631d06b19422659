import type { HttpAnswer, HttpClient } from './http.ts';
import { uniqueName } from './topics.ts';

const V1 = 'application/vnd.kafka.v1+json';

/** A consumer instance of v1, seen by its client. */
export class V1Consumer {
  readonly http: HttpClient;
  readonly path: string;

  constructor(http: HttpClient, path: string) {
    this.http = http;
    this.path = path;
  }

  /** An instance that reads JSON from the first record on, unless `settings` say otherwise. */
  static async create(
    http: HttpClient,
    settings: Readonly<Record<string, unknown>> = {},
    group: string = uniqueName('group'),
  ): Promise<V1Consumer> {
    const answer = await http.call('POST', `/consumers/${group}`, {
      headers: { 'content-type': V1 },
      body: JSON.stringify({ format: 'json', 'auto.offset.reset': 'smallest', ...settings }),
    });
    if (answer.status !== 200) throw new Error(`expected 200, got ${answer.status}: ${answer.text}`);
    const { base_uri: uri } = answer.json() as { base_uri: string };
    return new V1Consumer(http, new URL(uri).pathname);
  }

  async readAnswer(topic: string, query = '', headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
    return await this.http.call('GET', `${this.path}/topics/${topic}${query}`, { headers });
  }

  /** The values of the next records; fails unless the answer is 200. */
  async read(topic: string, query = ''): Promise<unknown[]> {
    const { status, text, json } = await this.readAnswer(topic, query);
    if (status !== 200) throw new Error(`expected 200, got ${status}: ${text}`);
    return (json() as { value: unknown }[]).map(({ value }) => value);
  }

  /** Reads until so many values have come; fails when a read comes back empty before. */
  async readAll(topic: string, count: number): Promise<unknown[]> {
    const values: unknown[] = [];
    while (values.length < count) {
      const more = await this.read(topic);
      if (more.length === 0) throw new Error(`only ${values.length} of ${count} records came`);
      values.push(...more);
    }
    return values;
  }

  /** As Confluent's clients do it: without a Content-Type, an Accept, or a body. */
  async commit(): Promise<unknown> {
    const { status, text, json } = await this.http.call('POST', `${this.path}/offsets`);
    if (status !== 200) throw new Error(`expected 200, got ${status}: ${text}`);
    return json();
  }
}
