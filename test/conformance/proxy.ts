import { afterAll, beforeAll } from 'vitest';
import { sharedBroker } from '../harness/broker.ts';
import type { HttpClient } from '../harness/http.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { uniqueName } from '../harness/topics.ts';

const START_MS = 120_000;

/** The proxy of one test file, and the broker behind it. */
interface Proxy {
  readonly bootstrap: string;
  readonly url: string;
  readonly http: HttpClient;
}

/** Runs a proxy on the shared broker for the tests of the file (or of the `describe`) that calls it. */
export function useProxy(properties: Readonly<Record<string, string>> = {}): Proxy {
  let bootstrap = '';
  let sluice: SluiceProcess | undefined;
  beforeAll(async () => {
    ({ bootstrap } = await sharedBroker());
    sluice = await startSluice({ properties: { 'bootstrap.servers': bootstrap, ...properties } });
  }, START_MS);
  afterAll(async () => {
    await sluice?.stop();
  });
  const running = (): SluiceProcess => {
    if (sluice === undefined) throw new Error('the proxy does not run before the hooks of its file');
    return sluice;
  };
  return {
    get bootstrap() {
      return bootstrap;
    },
    get url() {
      return running().url;
    },
    get http() {
      return running().http;
    },
  };
}

/** How far a client has come with its instance before the row of a table begins. */
export type Given = 'new' | 'subscribed' | 'assigned' | 'deleted';

/** An instance in a group of its own; `assigned` reads partition 0 of `topic` from its beginning. */
export async function instanceIn(
  given: Given,
  proxy: Proxy,
  topic: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<RestConsumer> {
  const consumer = await RestConsumer.create(proxy.http, uniqueName('group'), settings);
  if (given === 'subscribed') await consumer.subscribe(topic);
  else if (given === 'assigned') await consumer.assign(topic, 0);
  else if (given === 'deleted') await consumer.delete();
  return consumer;
}
