import { ConfigError, loadConfig } from '@sluice/runtime';
import { describe, expect, it } from 'vitest';

const redis = { 'sluice.redis.url': 'redis://r:6379' };
const secret = { 'sluice.cluster.secret': '0123456789abcdef' };
const id = { 'sluice.cluster.id': 'east' };

function load(entries: Record<string, string>, broker = 'b:1') {
  return loadConfig({ properties: new Map(Object.entries({ 'bootstrap.servers': broker, ...entries })) });
}

function problemsOf(entries: Record<string, string>): readonly string[] {
  try {
    load(entries);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('a cluster', () => {
  it('has a Redis, a secret and a name of its own', () => {
    for (const role of ['node', 'edge', 'worker']) {
      expect(load({ ...redis, ...secret, ...id, 'sluice.role': role }).warnings).toEqual([]);
    }
  });

  it.each([
    ['edge', 'finds the nodes there'],
    ['worker', 'is found there by the edges'],
  ])('without a Redis has no %s', (role, why) => {
    expect(problemsOf({ ...secret, 'sluice.role': role })).toEqual([
      `sluice.redis.url: nothing is set, and a server with sluice.role=${role} ${why}`,
    ]);
  });

  it('without a secret or certificates does not start, and says why', () => {
    expect(problemsOf({ ...redis, ...id })).toEqual([
      'sluice.cluster.secret: nothing is set, and whoever reached the internal listener could act as a node of the cluster; set it (allowed is 16 or more printable ASCII characters), or have the nodes know each other by certificates (sluice.internal.tls.certificate.file, sluice.internal.tls.key.file, sluice.internal.tls.ca.file)',
    ]);
  });

  it.each(['0123456789abcde', 'a tab\tamong its letters', 'höchst geheimer Schlüssel'])(
    'has no secret like %j, which is not repeated',
    (value) => {
      expect(problemsOf({ ...redis, 'sluice.cluster.secret': value })).toEqual([
        'sluice.cluster.secret: the value is not allowed; allowed is 16 or more printable ASCII characters',
      ]);
    },
  );

  it('has an internal listener with TLS where it has certificates, and only there', () => {
    expect(problemsOf({ ...redis, ...secret, 'sluice.internal.listener': 'https://0.0.0.0:9443' })).toEqual([
      "sluice.internal.listener: 'https://0.0.0.0:9443' takes sluice.internal.tls.certificate.file, sluice.internal.tls.key.file, sluice.internal.tls.ca.file",
    ]);
    expect(problemsOf({ ...redis, ...secret, 'sluice.internal.listener': 'ftp://h:1' })).toEqual([
      "sluice.internal.listener: 'ftp://h:1' is not allowed; allowed is http://HOST:PORT or https://HOST:PORT (port 0 means any free one), or nothing for none",
    ]);
  });

  it('has authorities for the certificate of Redis that can be read, and are some', () => {
    const authorities = (file: string): readonly string[] =>
      problemsOf({ ...redis, ...secret, 'sluice.redis.tls.ca.file': file });
    expect(authorities('/nowhere/ca.pem')).toEqual([
      "sluice.redis.tls.ca.file: '/nowhere/ca.pem' cannot be read (ENOENT)",
    ]);
    const text = import.meta.filename;
    expect(authorities(text)).toEqual([`sluice.redis.tls.ca.file: '${text}' holds no certificate in PEM`]);
  });

  it('is told all that is wrong with it at once', () => {
    expect(problemsOf({ 'sluice.role': 'edge', 'sluice.lease.ms': '1', port: 'x' })).toEqual([
      expect.stringMatching(/^sluice\.lease\.ms: /),
      expect.stringMatching(/^port: /),
      expect.stringMatching(/^sluice\.redis\.url: /),
      expect.stringMatching(/^sluice\.cluster\.secret: /),
    ]);
  });

  it('without a name is warned', () => {
    expect(load({ ...redis, ...secret }).warnings).toEqual([
      "sluice.cluster.id is not set and 'default' is taken: two clusters that share a Redis or a Kafka need different ones",
    ]);
    expect(load({ ...redis, ...secret, 'sluice.cluster.id': 'default' }).warnings).toEqual([]);
  });

  it('needs no brokers for an edge, and assumes none', () => {
    const entries = { ...redis, ...secret, ...id, 'zookeeper.connect': 'z:2181' };
    const { config, warnings } = load({ ...entries, 'sluice.role': 'edge' }, '');
    expect(config.bootstrapServers).toBe('');
    expect(warnings).toEqual([expect.stringMatching(/^zookeeper\.connect has no effect/)]);
    expect(load({ ...entries, 'sluice.role': 'worker' }, '').config.bootstrapServers).toBe('localhost:9092');
  });
});

describe('a server that stands alone', () => {
  it('is warned of the keys of a cluster, which mean nothing there', () => {
    expect(load({ ...secret, ...id }).warnings).toEqual([
      'sluice.cluster.id, sluice.cluster.secret have no effect: without sluice.redis.url this server stands alone',
    ]);
    expect(load({ 'sluice.internal.tls.key.file': '/nowhere' }).warnings).toEqual([
      'sluice.internal.tls.key.file has no effect: without sluice.redis.url this server stands alone',
    ]);
    expect(load({ 'sluice.lease.ms': '2000' }).warnings).toEqual([
      'sluice.lease.ms has no effect: without sluice.redis.url this server stands alone',
    ]);
  });

  it('may name the defaults', () => {
    const entries = { 'sluice.redis.url': '', 'sluice.cluster.secret': '', 'sluice.role': 'node' };
    expect(load({ ...entries, 'sluice.cluster.id': 'default', 'sluice.lease.ms': '10000' }).warnings).toEqual([]);
  });
});
