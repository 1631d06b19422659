import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type BearerToken,
  clientCredentialsTokens,
  followTokens,
  staticTokens,
  TokenSource,
  unsecuredTokens,
} from '../src/oauth-token.ts';

describe('a token source', () => {
  function numbered(clock: { now: number }) {
    let issued = 0;
    const issue = vi.fn(async (): Promise<BearerToken> => {
      issued += 1;
      return await Promise.resolve({ value: `t${issued}`, expiresAtMs: clock.now + 1000 });
    });
    return { issue, source: new TokenSource({ issue, timeoutMs: 100, now: () => clock.now }) };
  }

  it('keeps a token until four fifths of its life are over', async () => {
    const clock = { now: 0 };
    const { source } = numbered(clock);
    const values: string[] = [];
    for (const now of [0, 799, 800]) {
      clock.now = now;
      values.push((await source.token()).value);
    }
    expect(values).toEqual(['t1', 't1', 't2']);
    expect(source.refreshInMs).toBe(800);
  });

  it('asks once for all who wait', async () => {
    const { source, issue } = numbered({ now: 0 });
    const tokens = await Promise.all([source.token(), source.token(), source.token()]);
    expect(tokens.map(({ value }) => value)).toEqual(['t1', 't1', 't1']);
    expect(issue).toHaveBeenCalledOnce();
  });

  it('goes on with the token in hand while no new one can be had, until it ends', async () => {
    const clock = { now: 0 };
    const { source, issue } = numbered(clock);
    await source.token();
    issue.mockRejectedValue(new Error('down'));
    clock.now = 900;
    expect((await source.token()).value).toBe('t1');
    clock.now = 1000;
    await expect(source.token()).rejects.toThrow('down');
  });

  it('tries again after a failure', async () => {
    const { source, issue } = numbered({ now: 0 });
    issue.mockRejectedValueOnce(new Error('down'));
    await expect(source.token()).rejects.toThrow('down');
    expect((await source.token()).value).toBe('t1');
  });
});

describe('a client that follows its tokens', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('has the first before it connects, and each later one before the last ends', async () => {
    let issued = 0;
    const issue = async () => {
      issued += 1;
      return await Promise.resolve({ value: `t${issued}`, expiresAtMs: Date.now() + 100_000 });
    };
    const applied: string[] = [];
    const apply = (token: string) => void applied.push(token);
    const stop = await followTokens(new TokenSource({ issue, timeoutMs: 100 }), apply, () => undefined);
    expect(applied).toEqual(['t1']);
    await vi.advanceTimersByTimeAsync(99_000);
    expect(applied).toEqual(['t1', 't2']);
    stop();
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(applied).toEqual(['t1', 't2']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('hears of failures and tries again at an interval', async () => {
    let fail = false;
    const issue = async () => {
      if (fail) throw new Error('down');
      return await Promise.resolve({ value: 'x', expiresAtMs: Date.now() + 10_000 });
    };
    const errors: unknown[] = [];
    const stop = await followTokens(
      new TokenSource({ issue, timeoutMs: 100 }),
      () => undefined,
      (error) => void errors.push(error),
    );
    fail = true;
    await vi.advanceTimersByTimeAsync(30_000);
    stop();
    expect(errors.length).toBeGreaterThanOrEqual(3);
    expect(errors.length).toBeLessThanOrEqual(6);
  });

  it('does not start without a first token', async () => {
    const issue = async () => await Promise.reject(new Error('down'));
    const source = new TokenSource({ issue, timeoutMs: 100 });
    await expect(
      followTokens(
        source,
        () => undefined,
        () => undefined,
      ),
    ).rejects.toThrow('down');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('tokens of our own', () => {
  it('are the configured one, for ever', async () => {
    expect(await staticTokens('abc').token()).toMatchObject({ value: 'abc' });
  });

  it('are unsigned as Java makes them', async () => {
    const source = unsecuredTokens({ claims: { sub: 'alice', scope: ['a', 'b'] }, lifeMs: 60_000 }, () => 5000);
    const { value, expiresAtMs } = await source.token();
    const [header, claims, signature] = value.split('.');
    const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as unknown;
    expect(decode(header)).toEqual({ alg: 'none' });
    expect(decode(claims)).toEqual({ sub: 'alice', scope: ['a', 'b'], iat: 5, exp: 65 });
    expect([signature, expiresAtMs]).toEqual(['', 65_000]);
  });
});

describe('tokens from an end point', () => {
  let server: Server;
  let answer: { status: number; body: string; location?: string };
  let asked: { headers: IncomingHttpHeaders; body: string }[];

  beforeEach(async () => {
    asked = [];
    answer = { status: 200, body: '{"access_token":"abc","expires_in":60}' };
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        asked.push({ headers: request.headers, body });
        response.writeHead(answer.status, answer.location === undefined ? {} : { location: answer.location });
        // A body of "hang" is an end point that never comes to an end.
        if (answer.body !== 'hang') response.end(answer.body);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  });

  afterEach(async () => {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  });

  function source(): TokenSource {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    return clientCredentialsTokens({
      endpoint,
      clientId: 'id',
      clientSecret: 'secret',
      scope: 'kafka',
      timeoutMs: 300,
      now: () => 0,
    });
  }

  it('are asked for by the client credentials grant', async () => {
    expect(await source().token()).toEqual({ value: 'abc', expiresAtMs: 60_000 });
    expect(asked).toEqual([
      {
        headers: expect.objectContaining({
          authorization: `Basic ${Buffer.from('id:secret').toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
        }),
        body: 'grant_type=client_credentials&scope=kafka',
      },
    ]);
  });

  it.each([
    [{ status: 401, body: 'secret text' }, 'status 401'],
    [{ status: 200, body: 'secret text' }, 'not JSON'],
    [{ status: 200, body: '{}' }, 'without an access_token'],
    [{ status: 200, body: 'null' }, 'without an access_token'],
    [{ status: 200, body: `"${'x'.repeat(70_000)}"` }, 'more than 65536 bytes'],
    [{ status: 302, body: '', location: 'http://127.0.0.1:1/' }, 'fetch failed'],
    [{ status: 200, body: 'hang' }, 'timeout'],
  ])('fail with a reason: %o', async (given, message) => {
    answer = given;
    const failure = await source()
      .token()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).message).toContain(message);
    expect((failure as Error).message).not.toContain('secret text');
  });
});
