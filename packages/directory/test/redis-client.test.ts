import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { freePorts } from '../../../test/harness/free-ports.ts';
import { redisClient } from '../src/redis-client.ts';
import { parseRedisUrl } from '../src/redis-url.ts';

it('hears a second error of a connection, which would end the process', async () => {
  const [port = 0] = await freePorts(1);
  const client = redisClient({ address: parseRedisUrl(`redis://127.0.0.1:${port}`), commandTimeoutMs: 1000 }) as Redis;
  try {
    await once(client, 'connecting').catch(() => undefined);
    const { stream } = client;
    if (stream.errored === null) await once(stream, 'error').catch(() => undefined);
    expect(() => stream.emit('error', new Error('an alert'))).not.toThrow();
  } finally {
    client.disconnect();
  }
});
