import { EventEmitter, once } from 'node:events';
import { requireOld, startGo, startPython } from '../harness/interop-programs.ts';
import type { LineProgram } from '../harness/line-program.ts';

/** Clients that others wrote for Confluent's proxy, each unchanged, and one in Go, behind the same few calls. */

/** Without records `kafka-rest` asks again this soon, in place of at once. */
const STREAM_DELAY_MS = 20;
const STREAM_WAIT_MS = 1000;

export interface Place {
  readonly url: string;
  readonly topic: string;
  readonly group: string;
}

/** One that has made a consumer instance of the name `c`, from the first record on. */
export interface OldClient {
  readonly produce: (values: readonly string[]) => Promise<unknown>;
  /** What has come; may be nothing. */
  readonly read: () => Promise<readonly string[]>;
  /** Not all of them can. */
  readonly commit?: () => Promise<unknown>;
  /** Deletes the instance. */
  readonly close: () => Promise<unknown>;
}

export type Open = (place: Place) => Promise<OldClient>;

type Callback<Result> = (error: Error | null, result: Result) => void;

/** The package `kafka-rest`, as far as it is used. */
interface KafkaRest {
  topic(name: string): { produce(records: readonly object[], done: Callback<unknown>): void };
  consumer(group: string): { join(settings: object, done: Callback<KafkaRestInstance>): void };
}
interface KafkaRestInstance {
  subscribe(topic: string, options: object): EventEmitter;
  commit(done: Callback<unknown>): void;
  shutdown(done: Callback<unknown>): void;
}

/** The package `message-hub-rest`, likewise. */
interface MessageHub {
  produce(topic: string, values: readonly string[]): PromiseLike<unknown>;
  consume(group: string, instance: string, settings: object): PromiseLike<readonly [MessageHubInstance, unknown]>;
}
interface MessageHubInstance {
  get(topic: string): PromiseLike<string[]>;
  remove(): PromiseLike<unknown>;
}

function done<Result>(call: (callback: Callback<Result>) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result)));
  });
}

/** Confluent's own for Node. It polls all the time, and its records come as a stream. */
export const openKafkaRest: Open = async ({ url, topic, group }) => {
  const Client = await requireOld<new (settings: object) => KafkaRest>('kafka-rest');
  const client = new Client({ url });
  const settings = { name: 'c', format: 'binary', 'auto.offset.reset': 'smallest', 'auto.commit.enable': 'false' };
  const instance = await done<KafkaRestInstance>((callback) => client.consumer(group).join(settings, callback));
  const come: string[] = [];
  const news = new EventEmitter();
  instance
    .subscribe(topic, { requestDelay: STREAM_DELAY_MS })
    .on('data', (records: readonly { readonly value: Buffer }[]) => {
      come.push(...records.map(({ value }) => value.toString()));
      news.emit('come');
    })
    .on('error', (error) => news.emit('error', error));
  return {
    produce: (values) =>
      done((callback) => {
        const records = values.map((value) => ({ key: value, value }));
        client.topic(topic).produce(records, callback);
      }),
    read: async () => {
      if (come.length === 0) await orNothing(once(news, 'come', { signal: AbortSignal.timeout(STREAM_WAIT_MS) }));
      return come.splice(0);
    },
    commit: () => done((callback) => instance.commit(callback)),
    close: () => done((callback) => instance.shutdown(callback)),
  };
};

/** IBM's, for its Message Hub. */
export const openMessageHub: Open = async ({ url, topic, group }) => {
  const Client = await requireOld<new (services: object, options: object) => MessageHub>('message-hub-rest');
  const service = { label: 'messagehub', credentials: { api_key: 'key', kafka_rest_url: url } };
  const client = new Client({ messagehub: [service] }, { https: false });
  const [instance] = await client.consume(group, 'c', { 'auto.offset.reset': 'smallest' });
  return {
    produce: async (values) => await client.produce(topic, values),
    read: async () => await instance.get(topic),
    close: async () => await instance.remove(),
  };
};

/** One of those in `old_clients.py`, by its name. */
export function inPython(client: string): Open {
  return async (place) => await inProgram(await startPython('old_clients.py'), client, place);
}

/** Written for these tests: the old ones in Go are from before there were modules. */
export function inGo(version: 'v1' | 'v2'): Open {
  return async (place) => await inProgram(await startGo(), version, place);
}

async function inProgram(program: LineProgram, client: string, place: Place): Promise<OldClient> {
  const { commits } = await program.do<{ readonly commits: boolean }>({ op: 'open', client, ...place });
  return {
    produce: async (values) => await program.do({ op: 'produce', values }),
    read: async () => (await program.do<{ readonly values: readonly string[] }>({ op: 'read' })).values,
    ...(commits ? { commit: async () => await program.do({ op: 'commit' }) } : {}),
    close: async () => {
      await program.do({ op: 'close' });
      await program.stop();
    },
  };
}

async function orNothing(wait: Promise<unknown>): Promise<void> {
  try {
    await wait;
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
  }
}
