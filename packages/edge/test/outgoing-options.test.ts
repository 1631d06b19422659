import { expect, it } from 'vitest';
import { outgoingOptions } from '../src/outgoing-options.ts';

it('what http-proxy copies from a target that has no TLS of its own is not in there', () => {
  const copied = { pfx: undefined, key: undefined, ca: undefined, hostname: undefined, localAddress: undefined };
  const options = Object.assign(outgoingOptions(), { host: '10.0.0.1', port: 8085, ...copied });
  expect(Object.entries(options)).toEqual([
    ['host', '10.0.0.1'],
    ['port', 8085],
  ]);
});
