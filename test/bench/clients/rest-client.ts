import { Agent, request } from 'node:http';
import { contentType, type Format } from '../payloads.ts';

const V2 = 'application/vnd.kafka.v2+json';
const TIMEOUT_MS = 60_000;

/** A client of the v2 API that costs little: connections are kept, and bodies stay bytes until somebody parses them. */
export class RestClient {
  readonly #base: URL;
  readonly #agent: Agent;

  constructor(url: string) {
    this.#base = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  }

  /** @throws Error for any status but 2xx, with the answer in its message */
  async call(
    method: string,
    path: string,
    options: { readonly body?: unknown; readonly contentType?: string; readonly accept?: string } = {},
  ): Promise<Buffer> {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const headers = {
      accept: options.accept ?? V2,
      ...(body === undefined
        ? {}
        : { 'content-type': options.contentType ?? V2, 'content-length': Buffer.byteLength(body) }),
    };
    const { hostname, port } = this.#base;
    return await new Promise((resolve, reject) => {
      const outgoing = request({ hostname, port, agent: this.#agent, method, path, headers, timeout: TIMEOUT_MS });
      outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${path}`)));
      outgoing.once('error', reject);
      outgoing.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const bytes = Buffer.concat(chunks);
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(bytes);
          else reject(new Error(`${method} ${path}: ${status} ${bytes.toString('utf8', 0, 300)}`));
        });
      });
      outgoing.end(body);
    });
  }

  /** Creates a consumer instance that reads from the earliest offset. */
  async createInstance(group: string, format: Format): Promise<RestInstance> {
    const body = { format, 'auto.offset.reset': 'earliest', 'auto.commit.enable': 'false' };
    const answer = JSON.parse((await this.call('POST', `/consumers/${group}`, { body })).toString()) as {
      instance_id: string;
    };
    return new RestInstance(this, `/consumers/${group}/instances/${answer.instance_id}`, format);
  }

  close(): void {
    this.#agent.destroy();
  }
}

export class RestInstance {
  readonly #client: RestClient;
  readonly #path: string;
  readonly #format: Format;

  constructor(client: RestClient, path: string, format: Format) {
    this.#client = client;
    this.#path = path;
    this.#format = format;
  }

  /** The same instance, by another address. */
  through(client: RestClient): RestInstance {
    return new RestInstance(client, this.#path, this.#format);
  }

  async subscribe(topic: string): Promise<void> {
    await this.#client.call('POST', `${this.#path}/subscription`, { body: { topics: [topic] } });
  }

  async assign(topic: string, partition: number): Promise<void> {
    await this.#client.call('POST', `${this.#path}/assignments`, { body: { partitions: [{ topic, partition }] } });
  }

  /** The body of one read, unparsed. */
  async read(query: { readonly timeout: number; readonly max_bytes?: number }): Promise<Buffer> {
    const text = Object.entries(query)
      .map(([key, value]) => `${key}=${value}`)
      .join('&');
    return await this.#client.call('GET', `${this.#path}/records?${text}`, { accept: contentType(this.#format) });
  }

  async delete(): Promise<void> {
    await this.#client.call('DELETE', this.#path);
  }
}
