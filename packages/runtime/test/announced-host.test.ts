import { describe, expect, it } from 'vitest';
import { announcedHost } from '../src/announced-host.ts';

describe('the announced host', () => {
  const address = (value: string, family: 'IPv4' | 'IPv6', internal: boolean) => ({ address: value, family, internal });
  const interfaces = {
    lo: [address('127.0.0.1', 'IPv4', true)],
    eth0: [address('fe80::1', 'IPv6', false), address('10.0.0.7', 'IPv4', false)],
  } as never;
  const machine = { interfaces, hostname: 'box' };

  it.each([
    ['what was configured', 'node.example.org', '0.0.0.0', 'node.example.org'],
    ['a configured address without its brackets', '[fd00::1]', '0.0.0.0', 'fd00::1'],
    ['the host of the listener', '', '10.1.1.1', '10.1.1.1'],
    ['an address of the machine when it listens on all interfaces', '', '0.0.0.0', '10.0.0.7'],
    ['the same for IPv6', '', '::', '10.0.0.7'],
  ])('is %s', (_what, configured, host, expected) => {
    expect(announcedHost(configured, host, machine)).toBe(expected);
  });

  it('is the name of a machine that has only loopback', () => {
    expect(announcedHost('', '0.0.0.0', { interfaces: {}, hostname: 'box' })).toBe('box');
  });
});
