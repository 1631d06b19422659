import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deferred } from '../harness/conditions.ts';
import { type HttpClient, httpClient } from '../harness/http.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: string;
}

let server: Server;
let client: HttpClient;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Tells the client what arrived; the client fails by itself should this not come to an end. */
async function tellBack(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const seen: Seen = { method: request.method, url: request.url, body: await bodyOf(request) };
  response.writeHead(418, { 'content-type': 'application/json' }).end(JSON.stringify(seen));
}

beforeAll(async () => {
  server = createServer((request, response) => void tellBack(request, response));
  const listening = deferred();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  client = httpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterAll(async () => {
  const closed = deferred();
  server.close(() => closed.resolve());
  await closed.promise;
});

describe('the HTTP client of the tests', () => {
  it('sends a path byte for byte', async () => {
    const answer = await client.call('GET', '/a/../%zz//b?x=%2F');
    expect(answer.status).toBe(418);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json()).toMatchObject({ url: '/a/../%zz//b?x=%2F' });
  });

  it.each(['GET', 'DELETE', 'POST'])('sends a body with %s', async (method) => {
    const answer = await client.call(method, '/', { body: 'grüße' });
    expect(answer.json()).toEqual({ method, url: '/', body: 'grüße' });
  });

  it('goes away when told to', async () => {
    await expect(client.call('GET', '/', { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});
