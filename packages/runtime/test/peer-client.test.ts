import { type PeerCall, PeerClient } from '@sluice/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../../test/harness/conditions.ts';
import { identity, type StartedPeerServer, secret, startedPeerServer } from './started-peer-server.ts';

describe('a peer client', () => {
  const timeoutMs = 5000;

  function clientOf(given = secret): PeerClient {
    const client = new PeerClient({ secret: given });
    onTestFinished(() => client.close());
    return client;
  }

  const nodeAt = (server: StartedPeerServer, node = identity) => ({ ...node, address: server.announcedAddress });

  it('calls a node and has its answer, over one connection for many calls', async () => {
    const server = await startedPeerServer({
      calls: new Map<string, PeerCall>([
        ['holds', async (body: unknown) => ({ status: 200, body })],
        ['undelivered', async () => ({ status: 204 })],
      ]),
    });
    const client = clientOf();
    const body = { group: 'g', instance: 'ü' };
    expect(await client.call(nodeAt(server), 'holds', body, { timeoutMs })).toEqual({ status: 200, body });
    expect(await client.call(nodeAt(server), 'undelivered', {}, { timeoutMs })).toEqual({
      status: 204,
      body: undefined,
    });
    expect(await server.exposed()).toContain('sluice_peer_connections 1\n');
  });

  it('makes a connection for a call that must not depend on those that there are', async () => {
    const calls = new Map<string, PeerCall>([['ping', async () => ({ status: 200, body: await server.exposed() })]]);
    const server: StartedPeerServer = await startedPeerServer({ calls });
    const client = clientOf();
    for (const [fresh, connections] of [
      [false, 1],
      [false, 1],
      [true, 2],
    ] as const) {
      const { body } = await client.call(nodeAt(server), 'ping', {}, { timeoutMs, fresh });
      expect(body).toContain(`sluice_peer_connections ${connections}\n`);
    }
  });

  it('gives refusals as answers', async () => {
    const server = await startedPeerServer();
    const stranger = clientOf('a secret of another cluster');
    expect(await stranger.call(nodeAt(server), 'holds', {}, { timeoutMs })).toMatchObject({ status: 403 });
    const before = nodeAt(server, { ...identity, boot: 'boot-0' });
    expect(await clientOf().call(before, 'holds', {}, { timeoutMs })).toMatchObject({ status: 421 });
  });

  it('gives up at its deadline, naming the node', async () => {
    const server = await startedPeerServer({ calls: new Map([['holds', () => new Promise<never>(() => undefined)]]) });
    await expect(clientOf().call(nodeAt(server), 'holds', {}, { timeoutMs: 30 })).rejects.toThrow(
      'node node/1: no answer within 30 ms',
    );
  });

  it('rejects when nobody listens, and when it is closed', async () => {
    const server = await startedPeerServer();
    await server.close(0);
    const client = clientOf();
    await expect(client.call(nodeAt(server), 'holds', {}, { timeoutMs })).rejects.toThrow('ECONNREFUSED');
    client.close();
    await expect(client.call(nodeAt(server), 'holds', {}, { timeoutMs })).rejects.toThrow('closed');
  });

  it('calls again on a new connection when the node closed the kept one', async () => {
    const calls = new Map([['holds', async () => ({ status: 404 })]]);
    const first = await startedPeerServer({ calls });
    const client = clientOf();
    const node = nodeAt(first);
    expect((await client.call(node, 'holds', {}, { timeoutMs })).status).toBe(404);
    await first.close(0);
    const again = await eventually(() => startedPeerServer({ calls, listener: first.address }), {
      deadlineMs: 5000,
      describe: 'the port to be free',
    });
    expect((await client.call(nodeAt(again), 'holds', {}, { timeoutMs })).status).toBe(404);
  });
});
