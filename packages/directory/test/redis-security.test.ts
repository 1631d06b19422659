import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/harness/conditions.ts';
import { startTlsRedis, type TlsRedis } from '../../../test/harness/redis-tls.ts';
import { RedisDirectory } from '../src/redis-directory.ts';
import { parseRedisUrl } from '../src/redis-url.ts';
import { nodeOf } from './conformance.ts';

const USER = 'sluice';
const PASSWORD = 'p@ss:word/1';
let server: TlsRedis;
let authority: string;

beforeAll(async () => {
  server = await startTlsRedis();
  await server.command('ACL', 'SETUSER', USER, 'on', `>${PASSWORD}`, '~*', '&*', '+@all');
  await server.command('ACL', 'SETUSER', 'default', '-@all', '+ping');
  authority = await readFile(server.authorityFile, 'utf8');
}, 30_000);
afterAll(() => server?.stop());

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
    expect(await registers(`rediss://${credentials}@${server.tlsAddress}`, authority)).toBe('registered');
    expect(await registers(server.url.replace('//', `//${credentials}@`))).toBe('registered');
  });

  it('is not believed when its certificate comes from somebody unknown', async () => {
    expect(await registers(`rediss://${credentials}@${server.tlsAddress}`)).toMatch(/certificate/);
  });

  it('refuses who does not know the password', async () => {
    expect(await registers(server.url.replace('//', `//${USER}:wrong@`))).toMatch(/WRONGPASS|NOPERM|NOAUTH/);
  });
});
