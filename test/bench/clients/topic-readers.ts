import { uniqueName } from '../../harness/topics.ts';
import type { Format } from '../payloads.ts';
import type { RestClient } from './rest-client.ts';

const READ_TIMEOUT_MS = 5000;
/** What a client asks for that wants to keep its memory small; some 4,000 records of the bench. */
const READ_BYTES = 1_048_576;
const RECORD_MARK = Buffer.from('"partition":');
const V1 = 'application/vnd.kafka.v1+json';
/** An instance of v1 waits for so long with each read; its last one finds nothing. */
const V1_WAIT_MS = 50;

/** By an instance of v2 or of v1, or by v1's simple consumer, which needs none. */
export type Way = 'v2' | 'v1' | 'simple';

export interface TopicReader {
  /** The body of the next read, unparsed. */
  read(): Promise<Buffer>;
  /** A read that should bring nothing. */
  readNothing(timeoutMs: number): Promise<Buffer>;
  end(): Promise<void>;
}

export interface ReaderOptions {
  readonly way: Way;
  readonly topic: string;
  readonly format: Format;
  readonly partitions: number;
  /** Most records in a read of the simple consumer. */
  readonly count: number;
}

/** Each record names its partition once, and the values of the bench hold no such name. */
export function countRecords(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(RECORD_MARK); at >= 0; at = body.indexOf(RECORD_MARK, at + RECORD_MARK.length)) count += 1;
  return count;
}

async function readerOfV2(client: RestClient, { topic, format }: ReaderOptions): Promise<TopicReader> {
  const instance = await client.createInstance(uniqueName('bench-rest'), format);
  await instance.subscribe(topic);
  return {
    read: () => instance.read({ timeout: READ_TIMEOUT_MS, max_bytes: READ_BYTES }),
    readNothing: (timeout) => instance.read({ timeout }),
    end: () => instance.delete(),
  };
}

async function readerOfV1(client: RestClient, { topic, format }: ReaderOptions): Promise<TopicReader> {
  const group = uniqueName('bench-v1');
  const body = { format, 'auto.offset.reset': 'smallest', 'consumer.request.timeout.ms': String(V1_WAIT_MS) };
  const made = await client.call('POST', `/consumers/${group}`, { body, contentType: V1, accept: V1 });
  const { instance_id: instance } = JSON.parse(made.toString()) as { instance_id: string };
  const path = `/consumers/${group}/instances/${instance}`;
  const accept = `application/vnd.kafka.${format}.v1+json`;
  const read = (): Promise<Buffer> => client.call('GET', `${path}/topics/${topic}?max_bytes=${READ_BYTES}`, { accept });
  return {
    read,
    readNothing: read,
    end: async () => void (await client.call('DELETE', path, { accept: V1 })),
  };
}

/** One partition after the other, from its beginning to its end. */
function simpleReader(client: RestClient, { topic, format, partitions, count }: ReaderOptions): TopicReader {
  const accept = `application/vnd.kafka.${format}.v1+json`;
  let [partition, offset] = [0, 0];
  const read = async (): Promise<Buffer> => {
    const path = `/topics/${topic}/partitions/${partition}/messages?offset=${offset}&count=${count}`;
    const body = await client.call('GET', path, { accept });
    const came = countRecords(body);
    offset += came;
    if (came < count && partition < partitions - 1) [partition, offset] = [partition + 1, 0];
    return body;
  };
  return { read, readNothing: read, end: async () => undefined };
}

/** Begins with the first records of a topic. */
export async function openReader(client: RestClient, options: ReaderOptions): Promise<TopicReader> {
  if (options.way === 'simple') return simpleReader(client, options);
  return options.way === 'v1' ? await readerOfV1(client, options) : await readerOfV2(client, options);
}
