import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerTls } from '@sluice/runtime';
import { type Certificate, type CertificateAuthority, createAuthority } from './certificates.ts';

export interface TestAuthority extends CertificateAuthority {
  remove(): Promise<void>;
}

/** An authority in a folder of its own. */
export async function testAuthority(): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-peer-tls-'));
  const authority = await createAuthority(folder);
  return { ...authority, remove: async () => await rm(folder, { recursive: true, force: true }) };
}

/** As the configuration of a node names them. */
export function tlsFiles(
  { certificateFile, keyFile }: Certificate,
  { certificateFile: tlsCaFile }: CertificateAuthority,
) {
  return { tlsCertificateFile: certificateFile, tlsKeyFile: keyFile, tlsKeyPassword: '', tlsCaFile };
}

export function tlsOf(certificate: Certificate, authority: CertificateAuthority): PeerTls {
  const tls = PeerTls.read(tlsFiles(certificate, authority));
  if (tls === undefined) throw new Error('no files');
  return tls;
}
