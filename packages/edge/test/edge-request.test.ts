import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { matchRoute } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { EdgeRequest } from '../src/edge-request.ts';

function requestFor(method: string, url: string): EdgeRequest {
  const request = new IncomingMessage(new Socket());
  request.method = method;
  request.url = url;
  return new EdgeRequest(request, new ServerResponse(request), matchRoute(method, url));
}

const INSTANCE = '/consumers/g/instances/i';

describe('a request at an edge', () => {
  it.each([
    ['GET', `${INSTANCE}/records`, 'poll'],
    ['GET', `${INSTANCE}/topics/t?max_bytes=1`, 'poll'],
    ['GET', '/topics/t/partitions/0/messages?offset=0', 'call'],
    ['POST', `${INSTANCE}/offsets`, 'call'],
    ['DELETE', INSTANCE, 'call'],
  ])('%s %s is a %s', (method, url, kind) => {
    expect(requestFor(method, url).kind).toBe(kind);
  });

  it('of either version is for the instance in its path, and may be sent again', () => {
    const read = requestFor('GET', `${INSTANCE}/topics/t`);
    expect(read.name).toEqual({ group: 'g', instance: 'i' });
    expect(read.isRepeatable).toBe(true);
    expect(requestFor('GET', '/topics/t/partitions/0/messages?offset=0').isSafe).toBe(true);
  });
});
