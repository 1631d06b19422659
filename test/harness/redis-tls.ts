import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from './certificates.ts';
import { freePorts } from './free-ports.ts';
import { type RedisServer, startRedis } from './redis.ts';

/** A Redis that listens with TLS as well. */
export interface TlsRedis extends Pick<RedisServer, 'url' | 'command' | 'stop'> {
  /** Host and port of the listener with TLS. */
  readonly tlsAddress: string;
  /** PEM file of the authority that its certificate comes from, which nobody else knows. */
  readonly authorityFile: string;
}

/** Starts redis-server with a certificate of its own authority. The caller stops it. */
export async function startTlsRedis(): Promise<TlsRedis> {
  const files = await mkdtemp(join(tmpdir(), 'sluice-redis-tls-'));
  const authority = await createAuthority(files);
  const { certificateFile, keyFile } = await authority.issue('redis');
  const [port = 0] = await freePorts(1);
  const server = await startRedis({
    settings: {
      'tls-port': String(port),
      'tls-cert-file': certificateFile,
      'tls-key-file': keyFile,
      'tls-ca-cert-file': authority.certificateFile,
      'tls-auth-clients': 'no',
    },
  });
  return {
    url: server.url,
    command: server.command,
    tlsAddress: `127.0.0.1:${port}`,
    authorityFile: authority.certificateFile,
    stop: async () => {
      await server.stop();
      await rm(files, { recursive: true, force: true });
    },
  };
}
