import { freePorts } from './free-ports.ts';
import type { GuardedProcess, ProcessExit } from './guarded-process.ts';
import { type HttpClient, httpClient } from './http.ts';
import { launchSluice, type SluiceFiles, writeSluiceFiles } from './sluice.ts';
import { startTcpRelay, type TcpRelay } from './tcp-relay.ts';

export type ClusterRole = 'edge' | 'worker' | 'node';

/** One process of a cluster. Its id and its addresses stay when it is restarted; its boot id and pid do not. */
export interface ClusterMember {
  readonly id: string;
  readonly role: ClusterRole;
  /** Undefined for a worker: it has no public listener. */
  readonly url: string | undefined;
  readonly http: HttpClient | undefined;
  readonly managementUrl: string;
  readonly management: HttpClient;
  /** In front of the internal listener, where relays were asked for. */
  readonly relay: TcpRelay | undefined;
  readonly pid: number;
  readonly isRunning: boolean;
  /** Its properties, which the commands of the cluster take: `sluice owner … --config FILE`. */
  readonly configFile: string;
  readonly logs: () => Promise<string>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** SIGSTOP: connections stay open and nothing answers any more. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** SIGKILL. */
  readonly kill: () => Promise<ProcessExit>;
  /** SIGTERM, and waits for the end of the drain; configuration and log stay. */
  readonly drain: () => Promise<ProcessExit>;
  /** Starts again with the same configuration; a running one is drained first. */
  readonly restart: () => Promise<void>;
  /** Drains it, frozen or not, and removes its files. */
  readonly stop: () => Promise<ProcessExit>;
}

interface MemberOptions {
  readonly id: string;
  readonly role: ClusterRole;
  readonly properties: Readonly<Record<string, string>>;
  readonly relay: boolean;
  /** Undefined for any. */
  readonly publicPort: number | undefined;
}

class Member implements ClusterMember {
  readonly id: string;
  readonly role: ClusterRole;
  readonly url: string | undefined;
  readonly http: HttpClient | undefined;
  readonly relay: TcpRelay | undefined;
  readonly #files: SluiceFiles;
  #process: GuardedProcess | undefined;

  constructor(options: MemberOptions, files: SluiceFiles, url: string | undefined, relay: TcpRelay | undefined) {
    this.id = options.id;
    this.role = options.role;
    this.url = url;
    this.http = url === undefined ? undefined : httpClient(url);
    this.relay = relay;
    this.#files = files;
  }

  get managementUrl(): string {
    return this.#files.managementUrl;
  }

  get management(): HttpClient {
    return this.#files.management;
  }

  get configFile(): string {
    return this.#files.configFile;
  }

  get pid(): number {
    return this.#running.pid;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning() ?? false;
  }

  get #running(): GuardedProcess {
    if (this.#process === undefined) throw new Error(`${this.id} was never started`);
    return this.#process;
  }

  readonly logs = async (): Promise<string> => await this.#files.logs();

  readonly signal = (name: NodeJS.Signals): void => this.#running.signal(name);

  readonly freeze = (): void => this.signal('SIGSTOP');

  readonly thaw = (): void => this.signal('SIGCONT');

  readonly kill = async (): Promise<ProcessExit> => {
    const exit = await this.#running.kill();
    await this.relay?.refuse();
    return exit;
  };

  readonly drain = async (): Promise<ProcessExit> => {
    const exit = await this.#running.stop();
    await this.relay?.refuse();
    return exit;
  };

  readonly restart = async (): Promise<void> => {
    if (this.isRunning) await this.drain();
    await this.start();
  };

  readonly stop = async (): Promise<ProcessExit> => {
    // A stopped process takes no SIGTERM, and would be killed after the whole grace.
    this.thaw();
    try {
      return await this.drain();
    } finally {
      await this.relay?.close();
      await this.#files.remove();
    }
  };

  async start(): Promise<void> {
    await this.relay?.pass();
    this.#process = await launchSluice(this.#files);
  }

  async discard(): Promise<void> {
    await this.relay?.close();
    await this.#files.remove();
  }
}

/** What it listens on. An internal listener behind a relay announces the relay's port in place of its own. */
async function addressesOf({ role, relay, publicPort }: MemberOptions): Promise<{
  readonly url: string | undefined;
  readonly relay: TcpRelay | undefined;
  readonly properties: Readonly<Record<string, string>>;
}> {
  const [anyPort, internalPort = 0, relayPort = 0] = await freePorts(3);
  const url = role === 'worker' ? undefined : `http://127.0.0.1:${publicPort ?? anyPort}`;
  const listeners: Record<string, string> = url === undefined ? {} : { listeners: url };
  if (role === 'edge') return { url, relay: undefined, properties: listeners };
  if (!relay) {
    return { url, relay: undefined, properties: { ...listeners, 'sluice.internal.listener': 'http://127.0.0.1:0' } };
  }
  return {
    url,
    relay: await startTcpRelay(relayPort, internalPort),
    properties: {
      ...listeners,
      'sluice.internal.listener': `http://127.0.0.1:${internalPort}`,
      'sluice.internal.advertised.port': String(relayPort),
    },
  };
}

/** Starts one process of a cluster and waits until its management listener calls it ready. */
export async function startMember(options: MemberOptions): Promise<ClusterMember> {
  const { url, relay, properties } = await addressesOf(options);
  const files = await writeSluiceFiles({
    ...properties,
    id: options.id,
    'sluice.role': options.role,
    ...options.properties,
  });
  const member = new Member(options, files, url, relay);
  try {
    await member.start();
  } catch (error) {
    await member.discard();
    throw error;
  }
  return member;
}
