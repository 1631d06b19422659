import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, listSettings } from '@sluice/runtime';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../../test/harness/certificates.ts';
import { listKeys, showConfiguration } from '../src/config-command.ts';
import { loadConfiguration, loadOperatorConfiguration } from '../src/configuration.ts';
import { temporaryFolder } from './launched.ts';

const sample = fileURLToPath(new URL('../../../deploy/etc/kafka-rest/kafka-rest.properties', import.meta.url));

/** The sample with the keys in effect that stand in comments: `#key=value`, and the lines that go on with a value. */
function withoutComments(text: string): string {
  const commented = /^#[a-z][a-z.]*=(?:.*\\\n#)*.*$/gm;
  return text.replaceAll(commented, (lines) => lines.replaceAll(/^#/gm, ''));
}

describe('configuration', () => {
  it('of the server and of its Kafka clients is refused with all problems of both', () => {
    const set = ['port=x', 'client.security.protocol=TLS', 'producer.acks=7'];
    expect(() => loadConfiguration({ set, environment: {} })).toThrow(
      expect.objectContaining({
        problems: [
          expect.stringContaining("port: 'x'"),
          expect.stringContaining('bootstrap.servers: nothing is set'),
          expect.stringContaining("client.security.protocol: 'TLS'"),
          expect.stringContaining("producer.acks: '7'"),
        ],
      }),
    );
  });

  it('takes the command line before the environment, the environment before the file, the file before the defaults', () => {
    const file = join(temporaryFolder(), 'x.properties');
    writeFileSync(file, 'bootstrap.servers=file:1\nid=file\nhost.name=file\n');
    const { config } = loadConfiguration({
      file,
      defaults: { id: 'default', 'sluice.log.level': 'warn' },
      environment: { KAFKA_REST_ID: 'environment', KAFKA_REST_HOST_NAME: 'environment' },
      set: ['id=a=b'],
    });
    expect([config.bootstrapServers, config.hostName, config.id, config.log.level]).toEqual([
      'file:1',
      'environment',
      'a=b',
      'warn',
    ]);
  });

  it('refuses --set without a key, and does not repeat what may be a secret', () => {
    expect(() => loadConfiguration({ set: ['hunter2'] })).toThrow(ConfigError);
    expect(() => loadConfiguration({ set: ['hunter2'] })).not.toThrow('hunter2');
  });

  it('of a cluster is refused when its Redis cannot be meant, which may hold a password and is not repeated', () => {
    const refused = (url: string): unknown => {
      try {
        const set = [`sluice.redis.url=${url}`, 'sluice.cluster.secret=0123456789abcdef', 'bootstrap.servers=b:1'];
        return loadConfiguration({ set, environment: {} });
      } catch (error) {
        return error instanceof ConfigError ? error.problems : error;
      }
    };
    for (const url of ['http://u:hunter2@r:1', 'redis-sentinel://u:hunter2@r:1', 'redis://u:hunter2@r:1/x']) {
      expect(refused(url)).toEqual([expect.stringMatching(/^sluice\.redis\.url: the value is not allowed; /)]);
      expect(JSON.stringify(refused(url))).not.toContain('hunter2');
    }
  });

  it('of an edge needs no Kafka', () => {
    const set = ['sluice.role=edge', 'sluice.redis.url=redis://r:1', 'sluice.cluster.secret=0123456789abcdef'];
    const { config, warnings } = loadConfiguration({ set: [...set, 'sluice.cluster.id=c'], environment: {} });
    expect([config.bootstrapServers, warnings]).toEqual(['', []]);
  });

  it('of a command that looks at a cluster needs neither Kafka nor the secret', () => {
    const set = ['sluice.redis.url=redis://r:1', 'sluice.role=worker'];
    expect(loadOperatorConfiguration({ set, environment: {} }).config.cluster.redisUrl).toBe('redis://r:1');
    expect(() => loadOperatorConfiguration({ set: ['sluice.redis.url=r'], environment: {} })).toThrow(ConfigError);
  });

  it('in the sample file is usable as it stands, with localhost:9092 and the well-known ports', () => {
    const { config, warnings } = loadConfiguration({ file: sample, environment: {} });
    expect(warnings).toEqual([]);
    expect(config.bootstrapServers).toBe('localhost:9092');
    expect([config.listeners[0]?.port, config.management.listener?.port]).toEqual([8082, 9082]);
  });

  it('in the sample file is usable with all of its comments taken away, and says what has no effect', async () => {
    const folder = temporaryFolder();
    const { trustStoreFile, storePassword } = await createAuthority(folder);
    const file = join(folder, 'x.properties');
    const text = withoutComments(readFileSync(sample, 'utf8'));
    writeFileSync(
      file,
      text.replace('/etc/kafka-rest/truststore.p12', trustStoreFile).replace('=change-it', `=${storePassword}`),
    );
    const { clients, effective, warnings } = loadConfiguration({ file, environment: {} });
    expect(warnings).toEqual([]);
    const given = effective.filter(({ source }) => source !== 'default').map(({ key }) => key);
    expect(given.toSorted()).toEqual([...text.matchAll(/^([a-z.]+)=/gm)].map(([, key = '']) => key).toSorted());
    expect(given.length).toBeGreaterThan(15);
    expect(clients.producer).toMatchObject({
      global: { 'security.protocol': 'sasl_ssl', 'sasl.username': 'rest-proxy', 'sasl.password': 'change-it' },
    });
  });
});

describe('sluice config', () => {
  it('lists every key with its meaning and default', () => {
    const text = listKeys();
    for (const { key, description, defaultText } of listSettings()) {
      expect(text).toContain(
        `${key}\n    ${description}\n    default: ${defaultText === '' ? '(nothing)' : defaultText};`,
      );
    }
  });

  it('shows effective values and where they come from, with secrets hidden', () => {
    const text = showConfiguration({
      set: [
        'bootstrap.servers=b:1',
        'sluice.management.token=hunter2',
        'consumer.threads=5',
        'sluice.redis.url=redis-sentinel://user:hunter2,x@a,b/p',
        'sluice.cluster.secret=hunter2 and fifteen more',
      ],
      environment: {},
    });
    expect(text).toContain('# warning: consumer.threads has no effect');
    expect(text).toContain('# from the command line\nbootstrap.servers=b:1\n');
    expect(text).toContain('\nport=8082\n');
    expect(text).toContain('sluice.management.token=[hidden]');
    expect(text).toContain('sluice.cluster.secret=[hidden]');
    expect(text).toContain('sluice.redis.url=[hidden]');
    expect(text).not.toContain('hunter2');
  });
});
