import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { createAuthority } from '../../harness/certificates.ts';
import { type FaultyRegistry, startFaultyRegistry } from '../../harness/faulty-registry.ts';
import type { HttpAnswer } from '../../harness/http.ts';
import { sharedRegistry } from '../../harness/shared-registry.ts';
import { startSluice } from '../../harness/sluice.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

/** What `schema.registry.*` does, seen from the registry. */

const START_MS = 240_000;

let registry: FaultyRegistry;
let bootstrap: string;

beforeAll(async () => {
  const [broker, real] = await Promise.all([sharedBroker(), sharedRegistry()]);
  ({ bootstrap } = broker);
  registry = await startFaultyRegistry(real.url);
}, START_MS);
afterAll(async () => {
  await registry?.close();
});

/** Has a proxy with these settings produce one record; answers what it said and what it asked the registry. */
async function produceWith(
  settings: Readonly<Record<string, string>>,
  body: (topic: string) => object,
): Promise<{ answer: HttpAnswer; topic: string; asked: FaultyRegistry['requests'] }> {
  const topic = await createTopic(bootstrap);
  const proxy = await startSluice({
    properties: { 'bootstrap.servers': bootstrap, 'schema.registry.url': registry.url, ...settings },
  });
  try {
    const before = registry.requests.length;
    const answer = await proxy.http.call('POST', `/topics/${topic}`, {
      headers: { 'content-type': 'application/vnd.kafka.avro.v2+json' },
      body: JSON.stringify(body(topic)),
    });
    return { answer, topic, asked: registry.requests.slice(before) };
  } finally {
    await proxy.stop();
  }
}

function recordNamed(name: string): object {
  const schema = { type: 'record', name, namespace: 'set', fields: [{ name: 'a', type: 'int' }] };
  return { value_schema: JSON.stringify(schema), records: [{ value: { a: 1 } }] };
}

const newName = (): string => uniqueName('Name').replaceAll('-', '_');

describe('the settings of the registry', () => {
  it('choose the subject by the name of the record', async () => {
    const name = newName();
    const settings = {
      'schema.registry.value.subject.name.strategy': 'io.confluent.kafka.serializers.subject.RecordNameStrategy',
    };
    const { answer, asked } = await produceWith(settings, () => recordNamed(name));
    expect(answer.status).toBe(200);
    expect(new Set(asked.map(({ path }) => path.split('/')[2]))).toEqual(new Set([`set.${name}`]));
  });

  it('forbid to register, with a code that says what was not there', async () => {
    const settings = { 'schema.registry.auto.register.schemas': 'false' };
    const { answer, asked, topic } = await produceWith(settings, () => recordNamed(newName()));
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({
      error_code: 42207,
      message: expect.stringContaining(`subject = ${topic}-value`) as string,
    });
    expect(asked.filter(({ path }) => path.endsWith('/versions'))).toEqual([]);
  });

  it('send user and password, and a token', async () => {
    const basic = await produceWith(
      {
        'schema.registry.basic.auth.credentials.source': 'USER_INFO',
        'schema.registry.basic.auth.user.info': 'user:pass:word',
      },
      () => recordNamed(newName()),
    );
    const authorizations = basic.asked.map(({ headers }) => headers.authorization);
    expect(new Set(authorizations)).toEqual(new Set([`Basic ${Buffer.from('user:pass:word').toString('base64')}`]));
    const bearer = await produceWith(
      {
        'schema.registry.bearer.auth.credentials.source': 'STATIC_TOKEN',
        'schema.registry.bearer.auth.token': 'abc',
      },
      () => recordNamed(newName()),
    );
    expect(new Set(bearer.asked.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer abc']));
  });

  it('go on with the next address when one does not answer', async () => {
    const { answer } = await produceWith({ 'schema.registry.url': `http://127.0.0.1:1,${registry.url}` }, () =>
      recordNamed(newName()),
    );
    expect(answer.status).toBe(200);
  });

  it('write with the latest version of the subject when they say so', async () => {
    const { answer, asked } = await produceWith({ 'schema.registry.use.latest.version': 'true' }, () =>
      recordNamed(newName()),
    );
    expect({ status: answer.status, paths: asked.map(({ path }) => path) }).toMatchObject({ status: 422 });
    expect(asked.some(({ path }) => path.endsWith('/versions/latest'))).toBe(true);
  });

  it('show a certificate over TLS, and trust the authority that they name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-registry-tls-'));
    const authority = await createAuthority(folder);
    const [server, client] = [await authority.issue('registry'), await authority.issue('proxy')];
    const tls = {
      key: await readFile(server.keyFile),
      cert: await readFile(server.certificateFile),
      ca: await readFile(authority.certificateFile),
      requestCert: true,
      rejectUnauthorized: true,
    };
    const secure = await startFaultyRegistry(registry.url, {
      createServer: ((listener: Parameters<typeof createServer>[1]) => createServer(tls, listener)) as never,
    });
    try {
      const trust = {
        'schema.registry.url': secure.url,
        'schema.registry.ssl.truststore.location': authority.trustStoreFile,
        'schema.registry.ssl.truststore.password': authority.storePassword,
      };
      const identity = {
        'schema.registry.ssl.keystore.location': client.pkcs12File,
        'schema.registry.ssl.keystore.password': authority.storePassword,
      };
      const shown = await produceWith({ ...trust, ...identity }, () => recordNamed(newName()));
      expect({ status: shown.answer.status, text: shown.answer.text }).toMatchObject({ status: 200 });
      const hidden = await produceWith({ ...trust, 'sluice.schema.registry.timeout.ms': '1000' }, () =>
        recordNamed(newName()),
      );
      expect(hidden.answer.json()).toMatchObject({ error_code: 42207 });
    } finally {
      await secure.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
