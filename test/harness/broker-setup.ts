import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { deferred } from './conditions.ts';
import { startKafka } from './kafka.ts';
import { startRegistry } from './registry.ts';
import { startSecureKafka } from './secure-kafka.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test asks for the run's shared brokers. */
    readonly brokerDesk: string;
  }
}

interface SharedBroker {
  /** What a test gets to know; plain data, for it crosses a process border. */
  readonly description: unknown;
  readonly stop: () => Promise<void>;
}

interface Desk {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** What can be asked for, and how it is started when the first test of the run does so. */
const STARTERS: Readonly<Record<string, () => Promise<SharedBroker>>> = {
  '/plain': async () => {
    const broker = await startKafka();
    return { description: { bootstrap: broker.bootstrap }, stop: broker.stop };
  },
  '/secure': async () => {
    const broker = await startSecureKafka();
    return { description: broker.description, stop: broker.stop };
  },
  '/registry': async () => {
    const registry = await startRegistry();
    return { description: { url: registry.url }, stop: registry.stop };
  },
};

function deskServer(started: Map<string, Promise<SharedBroker>>): Server {
  return createServer((request, response) => {
    const path = request.url ?? '';
    const start = STARTERS[path];
    if (start === undefined) {
      response.writeHead(404).end();
      return;
    }
    const broker = started.get(path) ?? start();
    started.set(path, broker);
    broker.then(
      ({ description }) => response.writeHead(200).end(JSON.stringify(description)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
}

/** Opens the desk in vitest's main process; a test run that asks for no broker starts none. */
async function openDesk(): Promise<Desk> {
  const started = new Map<string, Promise<SharedBroker>>();
  const server = deskServer(started);
  const listening = deferred();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      // A broker that failed to start has cleaned up after itself and told the test that asked for it.
      const brokers = await Promise.allSettled(started.values());
      await Promise.all(brokers.map(async (broker) => await (broker.status === 'fulfilled' && broker.value.stop())));
    },
  };
}

/** vitest's globalSetup: one desk for the whole run, whatever number of projects takes part. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const desk = await openDesk();
  project.provide('brokerDesk', desk.url);
  return desk.close;
}
