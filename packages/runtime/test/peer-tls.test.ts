import { once } from 'node:events';
import { copyFile, readFile } from 'node:fs/promises';
import { request as clearRequest } from 'node:http';
import { createServer as createSecureServer, type RequestOptions, request } from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { formatPeerNode, peerHeaders } from '@sluice/protocol';
import {
  ConnectionMetrics,
  createHttpServer,
  createLogger,
  Metrics,
  type PeerCall,
  PeerClient,
  type PeerCredentials,
  PeerTls,
} from '@sluice/runtime';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Certificate } from '../../../test/harness/certificates.ts';
import { eventually, within } from '../../../test/harness/conditions.ts';
import { type TestAuthority, testAuthority, tlsFiles, tlsOf } from '../../../test/harness/peer-certificates.ts';
import { identity, limits, type StartedPeerServer, secret, startedPeerServer } from './started-peer-server.ts';

const timeoutMs = 5000;
let cluster: TestAuthority;
let stranger: TestAuthority;
let node: Certificate;
let other: Certificate;
let expired: Certificate;
let foreign: Certificate;

beforeAll(async () => {
  [cluster, stranger] = await Promise.all([testAuthority(), testAuthority()]);
  [node, other, expired, foreign] = await Promise.all([
    cluster.issue('node'),
    cluster.issue('other'),
    cluster.issue('expired', { isExpired: true }),
    stranger.issue('foreign'),
  ]);
}, 60_000);
afterAll(async () => {
  await Promise.all([cluster?.remove(), stranger?.remove()]);
});

interface Counted extends StartedPeerServer {
  readonly calls: () => number;
}

/** A node that knows others by certificates, and by the secret where one is given. */
async function secureNode(given = ''): Promise<Counted> {
  let calls = 0;
  const call: PeerCall = async () => ({ status: 200, body: { calls: ++calls } });
  const server = await startedPeerServer({
    secret: given,
    tls: tlsOf(node, cluster),
    calls: new Map([['holds', call]]),
  });
  return { ...server, calls: () => calls };
}

function clientWith(credentials: PeerCredentials): PeerClient {
  const client = new PeerClient(credentials);
  onTestFinished(() => client.close());
  return client;
}

const nodeAt = (address: string) => ({ ...identity, address });

async function filesOf({ certificateFile, keyFile }: Certificate): Promise<RequestOptions> {
  return { cert: await readFile(certificateFile), key: await readFile(keyFile) };
}

/** A call as a peer makes it, with whatever certificate, and without a look at the node's. */
async function callWith(server: StartedPeerServer, options: RequestOptions): Promise<number | undefined> {
  const outgoing = request(`${server.url}/x-sluice/holds`, {
    method: 'POST',
    agent: false,
    rejectUnauthorized: false,
    headers: { [peerHeaders.secret]: secret, [peerHeaders.target]: formatPeerNode(identity) },
    ...options,
  });
  outgoing.end('{}');
  const [answer] = await once(outgoing, 'response');
  answer.resume();
  return answer.statusCode;
}

describe('the internal listener with TLS', () => {
  it('lets in who has a certificate of the cluster, and announces that it takes TLS', async () => {
    const server = await secureNode();
    expect(server.announcedAddress).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const client = clientWith({ secret: '', tls: tlsOf(other, cluster) });
    for (const calls of [1, 2]) {
      const answer = await client.call(nodeAt(server.announcedAddress), 'holds', {}, { timeoutMs });
      expect(answer).toEqual({ status: 200, body: { calls } });
    }
    expect(await server.exposed()).toContain('sluice_peer_connections 1\n');
  });

  it.each<[string, () => Promise<RequestOptions>, RegExp]>([
    ['no certificate', async () => ({}), /DID_NOT_RETURN_A_CERTIFICATE/],
    [
      'one of another authority',
      async () => await filesOf(foreign),
      /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER/,
    ],
    ['one that has expired', async () => await filesOf(expired), /CERT_HAS_EXPIRED/],
  ])('lets nobody in with %s, though he knows the secret, and says so in its log', async (_which, options, reason) => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const server = await secureNode(secret);
      await expect(callWith(server, { ...(await options()), maxVersion })).rejects.toThrow();
      expect([server.calls(), server.served]).toEqual([0, []]);
      await eventually(() => server.logged() !== '', { deadlineMs: 5000, describe: 'a line in the log' });
      expect(JSON.parse(server.logged())).toMatchObject({ level: 'warn', reason: expect.stringMatching(reason) });
      // Not an answer of HTTP, too, which he would not hear.
      const refusals = (await server.exposed()).match(/^sluice_peer_refused_total.*$/gm);
      expect(refusals).toEqual(['sluice_peer_refused_total{status="tls"} 1']);
    }
  });

  it('takes no TLS before 1.2', async () => {
    const server = await secureNode();
    const old = {
      ...(await filesOf(other)),
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    } as const;
    await expect(callWith(server, old)).rejects.toThrow('alert protocol version');
    expect(server.calls()).toBe(0);
  });

  it('does not take up a session again, whose certificate nobody would look at', async () => {
    const server = await secureNode();
    const certificate = await filesOf(other);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      let session: Buffer | undefined;
      const reused: boolean[] = [];
      for (let turn = 0; turn < 2; turn += 1) {
        const outgoing = request(`${server.url}/`, {
          ...certificate,
          maxVersion,
          agent: false,
          rejectUnauthorized: false,
          ...(session === undefined ? {} : { session }),
        });
        outgoing.once('socket', (socket) => socket.on('session', (given: Buffer) => (session = given)));
        outgoing.end();
        const [answer] = await once(outgoing, 'response');
        reused.push(answer.socket.isSessionReused());
        answer.resume();
        await once(answer, 'close');
      }
      expect(reused).toEqual([false, false]);
    }
  });

  it('hears nobody who talks in clear', async () => {
    const server = await secureNode(secret);
    const { port } = server.address;
    const headers = { [peerHeaders.secret]: secret, [peerHeaders.target]: formatPeerNode(identity) };
    const outgoing = clearRequest({ port, method: 'POST', path: '/x-sluice/holds', headers, agent: false });
    outgoing.end('{}');
    await expect(once(outgoing, 'response')).rejects.toThrow();
    expect(server.calls()).toBe(0);
    expect(server.logged()).toContain('ERR_SSL_HTTP_REQUEST');
  });

  it('asks for the secret, too, where one is set', async () => {
    const server = await secureNode(secret);
    const tls = tlsOf(other, cluster);
    const statusWith = async (given: string) =>
      (await clientWith({ secret: given, tls }).call(nodeAt(server.announcedAddress), 'holds', {}, { timeoutMs }))
        .status;
    expect([await statusWith(''), await statusWith('that of another cluster'), await statusWith(secret)]).toEqual([
      403, 403, 200,
    ]);
    expect(server.calls()).toBe(1);
  });

  it('is not made where there is neither, for everybody would know an empty secret', async () => {
    await expect(startedPeerServer({ secret: '' })).rejects.toThrow('nothing to know peers by');
  });

  it('cuts off who takes his time with the handshake, without an answer of HTTP', async () => {
    const metrics = new Metrics();
    onTestFinished(() => metrics.close());
    const tls = { ...tlsOf(node, cluster).serverOptions, handshakeTimeout: 50 };
    const server = createHttpServer(limits, () => undefined, new ConnectionMetrics(metrics, 10, 'peer'), tls);
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await within(once(socket, 'close'), 5000, 'the connection to close');
    expect(socket.bytesRead).toBe(0);
    expect(await metrics.expose()).not.toContain('sluice_peer_refused_total{');
  });

  it('closes in time though somebody has begun a handshake and goes on with it for ever', async () => {
    const server = await secureNode();
    const socket = connect(server.address.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    await eventually(async () => (await server.exposed()).includes('sluice_peer_connections 1\n'), {
      deadlineMs: 5000,
      describe: 'the connection to be accepted',
    });
    const closed = once(socket, 'close');
    await within(server.close(50), 5000, 'the listener to close');
    await within(closed, 5000, 'the connection to close');
  });
});

describe('a peer client', () => {
  /** Somebody who listens where a node should be, and what he hears. */
  async function eavesdropper(): Promise<{ readonly port: number; readonly heard: () => string }> {
    const heard: Buffer[] = [];
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('data', (chunk) => heard.push(chunk)).on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return { port: (server.address() as AddressInfo).port, heard: () => Buffer.concat(heard).toString('latin1') };
  }

  it('with TLS sends nothing to an address in clear, whoever has written it into the directory', async () => {
    const { port, heard } = await eavesdropper();
    const client = clientWith({ secret, tls: tlsOf(other, cluster) });
    await expect(client.call(nodeAt(`http://127.0.0.1:${port}`), 'holds', {}, { timeoutMs })).rejects.toThrow(
      `node node/1: http://127.0.0.1:${port} is in clear, and this node talks TLS alone (sluice.internal.tls.certificate.file)`,
    );
    expect(heard()).toBe('');
  });

  it('with TLS says nothing but hello to who does not answer in TLS', async () => {
    const { port, heard } = await eavesdropper();
    const client = clientWith({ secret, tls: tlsOf(other, cluster) });
    const call = client.call(nodeAt(`https://127.0.0.1:${port}`), 'holds', { instance: 'mine' }, { timeoutMs: 300 });
    await expect(call).rejects.toThrow('no answer within 300 ms');
    expect(heard().length).toBeGreaterThan(0);
    expect(heard()).not.toMatch(/mine|sixteen letters/);
  });

  it('without TLS sends nothing to an address that takes it, and says what is missing', async () => {
    const server = await secureNode(secret);
    const call = clientWith({ secret }).call(nodeAt(server.announcedAddress), 'holds', {}, { timeoutMs });
    await expect(call).rejects.toThrow(
      `node node/1: ${server.announcedAddress} takes TLS, for which this node lacks sluice.internal.tls.certificate.file, sluice.internal.tls.key.file, sluice.internal.tls.ca.file`,
    );
    expect(server.logged()).toBe('');
  });

  it.each<[string, () => Certificate, string]>([
    ['of another authority', () => foreign, 'unable to verify the first certificate'],
    ['that has expired', () => expired, 'certificate has expired'],
  ])('sends nothing to a node with a certificate %s', async (_which, certificate, reason) => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      let requests = 0;
      const options = { ...(await filesOf(certificate())), maxVersion };
      const server = createSecureServer(options, (_request, response) => response.end(String((requests += 1))));
      server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const client = clientWith({ secret, tls: tlsOf(other, cluster) });
      await expect(client.call(nodeAt(address), 'holds', {}, { timeoutMs })).rejects.toThrow(reason);
      expect(requests).toBe(0);
    }
  });

  it('believes a certificate whatever name is in it: nodes are called by their addresses of today', async () => {
    // Those of the tests are for 127.0.0.1.
    const elsewhere = await startedPeerServer({
      listener: { scheme: 'https', host: '127.0.0.2', port: 0 },
      secret: '',
      tls: tlsOf(node, cluster),
      calls: new Map([['holds', async () => ({ status: 204 })]]),
    });
    const client = clientWith({ secret: '', tls: tlsOf(other, cluster) });
    expect((await client.call(nodeAt(elsewhere.announcedAddress), 'holds', {}, { timeoutMs })).status).toBe(204);
  });
});

describe('a certificate that is renewed on disk', () => {
  it('is shown and believed from then on, without a restart; files that do not fit are told and not used', async () => {
    const renewing = await stranger.issue('renewing');
    const files = tlsFiles(renewing, stranger);
    const authorityFile = `${renewing.keyFile}.ca`;
    await copyFile(stranger.certificateFile, authorityFile);
    const tls = PeerTls.read({ ...files, tlsCaFile: authorityFile });
    if (tls === undefined) throw new Error('no TLS');
    const lines: string[] = [];
    const log = createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
    tls.follow(log, { intervalMs: 10 });
    onTestFinished(() => tls.stop());
    const server = await startedPeerServer({
      secret: '',
      tls,
      calls: new Map([['holds', async () => ({ status: 204 })]]),
    });
    const before = clientWith({ secret: '', tls: tlsOf(foreign, stranger) });
    const after = clientWith({ secret: '', tls: tlsOf(other, cluster) });
    const at = nodeAt(server.announcedAddress);
    expect((await before.call(at, 'holds', {}, { timeoutMs })).status).toBe(204);
    await expect(after.call(at, 'holds', {}, { timeoutMs })).rejects.toThrow();

    await copyFile(node.certificateFile, renewing.certificateFile);
    await eventually(() => lines.length === 1, { deadlineMs: 5000, describe: 'the half renewal to be told' });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      problems: [
        expect.stringMatching(/^sluice\.internal\.tls\.key\.file: .* is not the key of the certificate/),
        expect.stringMatching(
          /^sluice\.internal\.tls\.certificate\.file: .* no authority in sluice\.internal\.tls\.ca\.file/,
        ),
      ],
    });
    await copyFile(node.keyFile, renewing.keyFile);
    await copyFile(cluster.certificateFile, authorityFile);
    await eventually(() => lines.at(-1)?.includes('were renewed') === true, {
      deadlineMs: 5000,
      describe: 'the renewal to be told',
    });
    expect((await after.call(at, 'holds', {}, { timeoutMs })).status).toBe(204);
    // A connection that is there goes on; what it was let in by is looked at when it begins.
    expect((await before.call(at, 'holds', {}, { timeoutMs })).status).toBe(204);
    before.close();
    const late = clientWith({ secret: '', tls: tlsOf(foreign, stranger) });
    await expect(late.call(at, 'holds', {}, { timeoutMs })).rejects.toThrow();

    // The other end: connections that this node makes show the renewed one as well.
    const asClient = clientWith({ secret: '', tls });
    expect(
      (await asClient.call(nodeAt((await secureNode()).announcedAddress), 'holds', {}, { timeoutMs })).status,
    ).toBe(200);
  });
});
