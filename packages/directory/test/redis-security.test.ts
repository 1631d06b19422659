import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../../../test/harness/certificates.ts';
import { eventually } from '../../../test/harness/conditions.ts';
import { freePorts } from '../../../test/harness/free-ports.ts';
import { type RedisServer, startRedis } from '../../../test/harness/redis.ts';
import { RedisDirectory } from '../src/redis-directory.ts';
import { parseRedisUrl } from '../src/redis-url.ts';
import { nodeOf } from './conformance.ts';

const USER = 'sluice';
const PASSWORD = 'p@ss:word/1';
let files: string;
let server: RedisServer;
let port: number;
let authority: string;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'sluice-redis-tls-'));
  const ca = await createAuthority(files);
  const certificate = await ca.issue('redis');
  [port = 0] = await freePorts(1);
  server = await startRedis({
    settings: {
      'tls-port': String(port),
      'tls-cert-file': certificate.certificateFile,
      'tls-key-file': certificate.keyFile,
      'tls-ca-cert-file': ca.certificateFile,
      'tls-auth-clients': 'no',
    },
  });
  await server.command('ACL', 'SETUSER', USER, 'on', `>${PASSWORD}`, '~*', '&*', '+@all');
  await server.command('ACL', 'SETUSER', 'default', '-@all', '+ping');
  authority = await readFile(ca.certificateFile, 'utf8');
}, 30_000);
afterAll(async () => {
  await server?.stop();
  await rm(files, { recursive: true, force: true });
});

/** Whether a node can be registered; what went wrong last otherwise. */
async function registers(url: string, certificateAuthorities?: string): Promise<string> {
  const problems: (string | undefined)[] = [];
  const directory = new RedisDirectory({
    address: parseRedisUrl(url),
    cluster: 'secure',
    leaseMs: 10_000,
    retentionMs: 600_000,
    certificateAuthorities,
    onConnection: (_connected, error) => problems.push(error?.message),
  });
  try {
    return await eventually(
      async () => {
        const outcome = await directory.register(nodeOf('a')).catch((error: Error) => error);
        if (!(outcome instanceof Error)) return 'registered';
        // The first try comes before there is a connection.
        const reason = problems.find((problem) => problem !== undefined) ?? outcome.message;
        return /NOPERM|NOAUTH|WRONGPASS|certificate/.test(reason) ? reason : undefined;
      },
      { deadlineMs: 8000, describe: 'an outcome' },
    );
  } finally {
    await directory.close();
  }
}

describe('a Redis that asks for a password, over TLS', () => {
  const credentials = `${USER}:${encodeURIComponent(PASSWORD)}`;

  it('is reached as sluice.redis.url says', async () => {
    expect(await registers(`rediss://${credentials}@127.0.0.1:${port}`, authority)).toBe('registered');
    expect(await registers(`redis://${credentials}@127.0.0.1:${server.port}`)).toBe('registered');
  });

  it('is not believed when its certificate comes from somebody unknown', async () => {
    expect(await registers(`rediss://${credentials}@127.0.0.1:${port}`)).toMatch(/certificate/);
  });

  it('refuses who does not know the password', async () => {
    expect(await registers(`redis://${USER}:wrong@127.0.0.1:${server.port}`)).toMatch(/WRONGPASS|NOPERM|NOAUTH/);
  });
});
