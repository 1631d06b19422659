import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { deferred } from '../../harness/conditions.ts';
import { RespReader } from './resp-reader.ts';

const HOST = '127.0.0.1';
const SCRIPTS = new URL('../../../packages/directory/lua/', import.meta.url);

/** What went over one connection. */
export interface RedisTraffic {
  /** Times at which its node had no question open and asked: what it sends meanwhile is part of the same one. */
  readonly roundTrips: number;
  /** By name; of scripts, by the name of their file. */
  readonly commands: ReadonlyMap<string, number>;
}

/** A way to Redis on which everything is counted. */
export interface RedisTap {
  readonly url: string;
  /** Counts, of each connection, from now until the function is called that is returned. */
  readonly count: () => () => readonly RedisTraffic[];
  readonly close: () => Promise<void>;
}

function scriptNames(): ReadonlyMap<string, string> {
  const files = readdirSync(SCRIPTS).filter((file) => file.endsWith('.lua'));
  return new Map(
    files.map((file) => {
      const text = readFileSync(new URL(file, SCRIPTS));
      return [createHash('sha1').update(text).digest('hex'), file.slice(0, -'.lua'.length)];
    }),
  );
}

class TappedConnection {
  roundTrips = 0;
  commands = new Map<string, number>();
  readonly #scripts: ReadonlyMap<string, string>;
  readonly #questions = new RespReader();
  readonly #answers = new RespReader();
  #open = 0;
  #isWaiting = false;

  constructor(scripts: ReadonlyMap<string, string>) {
    this.#scripts = scripts;
  }

  asked(piece: Buffer): void {
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.roundTrips += 1;
    }
    for (const [command = '', argument = ''] of this.#questions.read(piece)) {
      this.#open += 1;
      const name = this.#scripts.get(argument) ?? command.toLowerCase();
      this.commands.set(name, (this.commands.get(name) ?? 0) + 1);
    }
  }

  answered(piece: Buffer): void {
    // Messages of a subscription are no answers.
    this.#open = Math.max(0, this.#open - this.#answers.read(piece).length);
    if (this.#open === 0) this.#isWaiting = false;
  }

  reset(): void {
    this.roundTrips = 0;
    this.commands = new Map();
  }
}

/** Listens on a port of its own and passes everything on to Redis. The caller closes it. */
export async function startRedisTap(redisPort: number): Promise<RedisTap> {
  const scripts = scriptNames();
  const connections = new Set<TappedConnection>();
  const sockets = new Set<Socket>();
  const server = createServer((node) => {
    const redis = createConnection({ host: HOST, port: redisPort });
    const connection = new TappedConnection(scripts);
    connections.add(connection);
    node.on('data', (piece: Buffer) => {
      connection.asked(piece);
      redis.write(piece);
    });
    redis.on('data', (piece: Buffer) => {
      connection.answered(piece);
      node.write(piece);
    });
    for (const [socket, other] of [
      [node, redis],
      [redis, node],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        other.destroy();
        sockets.delete(socket);
        connections.delete(connection);
      });
    }
  });
  const listening = deferred();
  server.once('error', listening.reject);
  server.listen(0, HOST, listening.resolve);
  await listening.promise;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `redis://${HOST}:${port}`,
    count: () => {
      for (const connection of connections) connection.reset();
      return () => [...connections].map(({ roundTrips, commands }) => ({ roundTrips, commands }));
    },
    close: async () => {
      const closed = deferred();
      server.close(() => closed.resolve());
      for (const socket of sockets) socket.destroy();
      await closed.promise;
    },
  };
}
