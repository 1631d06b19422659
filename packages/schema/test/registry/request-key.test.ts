import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ProduceSchemaRequest, requestKey } from '../../src/registry/produce-schema.ts';

/** Few characters, among them all that the key is made of: what could be confused is. */
const name = fc.string({ unit: fc.constantFrom('a', '1', ':', '=', '#', '@', '!', '<', '>'), maxLength: 4 });
const type = fc.constantFrom('AVRO' as const, 'JSON' as const, 'PROTOBUF' as const);
const side = fc.record({
  topic: name,
  isKey: fc.boolean(),
  subject: fc.option(name, { nil: undefined }),
  strategy: fc.option(fc.constantFrom('TOPIC_NAME' as const, 'RECORD_NAME' as const), { nil: undefined }),
});
const source = fc.oneof(
  fc.record({ text: name, type }),
  fc.record({ id: fc.nat(3), type: fc.option(type, { nil: undefined }) }),
  fc.record({
    version: fc.oneof(fc.nat(3), fc.constant('latest' as const)),
    type: fc.option(type, { nil: undefined }),
  }),
);
const request: fc.Arbitrary<ProduceSchemaRequest> = fc.tuple(side, source).map(([a, b]) => ({ ...a, ...b }));

test('requests have the same key if, and only if, they ask for the same', () => {
  fc.assert(
    fc.property(request, request, (one, other) => {
      expect(requestKey(one) === requestKey(other)).toBe(isDeepStrictEqual(one, other));
      expect(requestKey(one)).toBe(requestKey({ ...one }));
    }),
    { numRuns: 3000 },
  );
});

const TEXT = { topic: 'a', isKey: false, text: '', type: 'AVRO' as const };

test.each([
  [
    { ...TEXT, text: 'x=' },
    { ...TEXT, topic: 'a=x' },
  ],
  [
    { ...TEXT, subject: 's', text: 'x=' },
    { ...TEXT, subject: 's=x' },
  ],
  [TEXT, { ...TEXT, subject: '' }],
  [
    { ...TEXT, strategy: 'RECORD_NAME' as const, text: 'x' },
    { ...TEXT, topic: 'aRECORD_NAME', text: 'x' },
  ],
  [
    { topic: 'a', isKey: false, id: 1 },
    { topic: 'a', isKey: false, version: 1 },
  ],
] satisfies [ProduceSchemaRequest, ProduceSchemaRequest][])(
  'what one part holds can not pass for another: %j, %j',
  (one, other) => {
    expect(requestKey(one)).not.toBe(requestKey(other));
  },
);
