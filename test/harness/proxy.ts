import { afterAll, beforeAll } from 'vitest';
import { sharedBroker } from './broker.ts';
import { type SluiceProcess, startSluice } from './sluice.ts';

/** A schema registry may have to be started, too. */
const START_MS = 240_000;

/** The proxy of one test file, and the broker behind it. */
export interface Proxy extends Pick<SluiceProcess, 'url' | 'http' | 'management' | 'pid' | 'logs'> {
  readonly bootstrap: string;
}

type Properties = Readonly<Record<string, string>>;

/**
 * Runs a proxy on the shared broker for the tests of the file (or of the `describe`) that calls it.
 * @param properties of its configuration, beside the brokers; a function where they are known only when the tests run
 */
export function useProxy(properties: Properties | (() => Promise<Properties>) = {}): Proxy {
  let bootstrap = '';
  let sluice: SluiceProcess | undefined;
  beforeAll(async () => {
    ({ bootstrap } = await sharedBroker());
    const own = typeof properties === 'function' ? await properties() : properties;
    sluice = await startSluice({ properties: { 'bootstrap.servers': bootstrap, ...own } });
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
    get management() {
      return running().management;
    },
    get pid() {
      return running().pid;
    },
    get logs() {
      return running().logs;
    },
  };
}
