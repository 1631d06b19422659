import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import { expect, it, onTestFinished } from 'vitest';
import { testAuthority } from '../../../test/harness/peer-certificates.ts';
import { Cluster } from './cluster.ts';
import { call, listening, portOf } from './http-exchange.ts';

it('a request that came with TLS says so to the node that serves it, unless a proxy before it says something else', async () => {
  const authority = await testAuthority();
  onTestFinished(() => authority.remove());
  const { keyFile, certificateFile } = await authority.issue('edge');
  const cluster = new Cluster();
  const node = await cluster.add('a');
  const { edge, port } = await cluster.edge();
  const secured = createServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) }, (req, res) =>
    edge.serve(req, res),
  );
  await listening(secured);
  const ask = async (headers: Record<string, string>): Promise<void> => {
    const outgoing = request({ host: '127.0.0.1', port: portOf(secured), rejectUnauthorized: false, headers });
    outgoing.end();
    const [answer] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream];
    answer.resume();
    await once(answer, 'end');
  };
  await ask({});
  await ask({ 'x-forwarded-proto': 'http' });
  await call(port, { path: '/topics' });
  expect(node.received.map(({ headers }) => headers['x-forwarded-proto'])).toEqual(['https', 'http', undefined]);
});
