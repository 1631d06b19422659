import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../src/redis-url.ts';

const plain = { tls: false, username: undefined, password: undefined, database: 0, primary: undefined };

describe('sluice.redis.url', () => {
  it.each([
    ['redis://localhost', { ...plain, kind: 'standalone', hosts: [{ host: 'localhost', port: 6379 }] }],
    [
      'rediss://user:p%40ss%2Fw%3A@redis.example:7000/3',
      {
        ...plain,
        kind: 'standalone',
        tls: true,
        username: 'user',
        password: 'p@ss/w:',
        database: 3,
        hosts: [{ host: 'redis.example', port: 7000 }],
      },
    ],
    [
      'redis://:secret@[::1]:1',
      { ...plain, kind: 'standalone', password: 'secret', hosts: [{ host: '::1', port: 1 }] },
    ],
    [
      'redis-sentinel://a,b:26380/main/2',
      {
        ...plain,
        kind: 'sentinel',
        primary: 'main',
        database: 2,
        hosts: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 26_380 },
        ],
      },
    ],
    [
      'rediss-cluster://a:1,b:2',
      {
        ...plain,
        kind: 'cluster',
        tls: true,
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
    ],
  ])('%s', (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  it.each([
    ['http://localhost', /allowed is redis:\/\//],
    ['localhost:6379', /allowed is/],
    ['redis://', /allowed is/],
    ['redis://a:0', /HOST:PORT/],
    ['redis://a:65536', /HOST:PORT/],
    ['redis://a,,b', /HOST:PORT/],
    ['redis://a/x', /database is a number/],
    ['redis://a/1/2', /database is a number/],
    ['redis-sentinel://a', /names the primary/],
    ['redis-cluster://a/1', /only database 0/],
    ['redis://u:%ZZ@a', /password is percent-encoded/],
  ])('%s is refused', (url, reason) => {
    expect(() => parseRedisUrl(url)).toThrow(reason);
  });

  it('is never repeated in an error: it may hold a password', () => {
    for (const url of ['redis://u:hunter2@', 'rebis://u:hunter2@h', 'redis://u:hunter2@h:x', 'redis://u:hunter2@h/x']) {
      expect(() => parseRedisUrl(url)).toThrow(RangeError);
      expect(() => parseRedisUrl(url)).not.toThrow(/hunter2/);
    }
  });
});
