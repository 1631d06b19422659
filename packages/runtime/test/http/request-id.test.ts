import { describe, expect, it } from 'vitest';
import { requestId } from '../../src/http/request-id.ts';

describe('requestId', () => {
  it('takes a short visible id from the client and makes its own otherwise', () => {
    expect(requestId('abc-1')).toBe('abc-1');
    for (const bad of ['', 'a b', 'a\u0000', 'é', 'x'.repeat(129), ['a', 'b'], undefined]) {
      expect(requestId(bad)).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/);
    }
    expect(requestId(undefined)).not.toBe(requestId(undefined));
  });
});
