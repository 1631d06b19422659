import { describe, expect, it } from 'vitest';
import { parse, refusal } from './request-parsing.ts';

describe('create consumer', () => {
  const defaults = {
    name: undefined,
    format: 'binary',
    autoOffsetReset: undefined,
    autoCommit: undefined,
    fetchMinBytes: undefined,
    requestTimeoutMs: undefined,
  };

  it.each(['', 'null', '{}', '{"format":null,"name":null,"fetch.min.bytes":null,"auto.commit.enable":null}'])(
    '%j means all defaults',
    (body) => {
      expect(parse('create', body)).toEqual(defaults);
    },
  );

  it('takes every field, with Jackson’s leniency', () => {
    const body = {
      name: 'c1',
      format: 'JSON',
      'auto.offset.reset': 'earliest',
      'auto.commit.enable': false,
      'fetch.min.bytes': '5',
      'consumer.request.timeout.ms': 3000.9,
    };
    expect(parse('create', JSON.stringify(body))).toEqual({
      name: 'c1',
      format: 'json',
      autoOffsetReset: 'earliest',
      autoCommit: false,
      fetchMinBytes: 5,
      requestTimeoutMs: 3000,
    });
  });

  it('takes id before name, and numbers as names', () => {
    expect(parse('create', '{"name":"a","id":"b"}')).toMatchObject({ name: 'b' });
    expect(parse('create', '{"name":7}')).toMatchObject({ name: '7' });
  });

  it('takes the fields by their other names', () => {
    expect(parse('create', '{"responseMinBytes":1,"requestWaitMs":2}')).toMatchObject({
      fetchMinBytes: 1,
      requestTimeoutMs: 2,
    });
  });

  it.each(['true', '"true"', '"True"', '" TRUE "'])('takes auto.commit.enable %s', (json) => {
    expect(parse('create', `{"auto.commit.enable":${json}}`)).toMatchObject({ autoCommit: true });
  });

  it.each([
    ['{"format":"xml"}', '422/422 Invalid format type.'],
    ['{"format":""}', '422/422 Invalid format type.'],
    ['{"format":5}', '422/422 Invalid format type.'],
    [
      '{"auto.offset.reset":"nope"}',
      '422/42204 Invalid consumer configuration: Invalid value nope for configuration auto.offset.reset: String must be one of: latest, earliest, none',
    ],
    [
      '{"auto.commit.enable":"maybe"}',
      '422/42204 Invalid consumer configuration: Invalid value maybe for configuration enable.auto.commit: Expected value to be either true or false',
    ],
    [
      '{"fetch.min.bytes":-5}',
      '422/40001 Invalid consumer configuration. It does not abide by the constraints: Invalid value -5 for configuration fetch.min.bytes: Value must be at least -1',
    ],
    [
      '{"fetch.min.bytes":10000001}',
      '422/40001 Invalid consumer configuration. It does not abide by the constraints: Invalid value 10000001 for configuration fetch.min.bytes: Value must be no more than 10000000',
    ],
    [
      '{"fetch.min.bytes":"abc"}',
      '400/400 Cannot deserialize value of type `Integer` from String "abc": not a valid `java.lang.Integer` value',
    ],
    ['{"isolation.level":"read_committed"}', '422/422 Unrecognized field: isolation.level'],
    ['{"name":""}', '422/422 createGroup.<return value>.instanceId must not be blank (was )'],
  ])('%s is refused', (body, expected) => {
    expect(refusal('create', body)).toBe(expected);
  });

  it('refuses names that nothing behind it can carry', () => {
    expect(refusal('create', '{"name":"a\\u0000b"}')).toBe(
      '422/422 createGroup.<return value>.instanceId must not hold control characters (was "a\\u0000b")',
    );
    expect(refusal('create', '{"name":"a\\n"}')).toMatch(/^422\/422 .* must not hold control characters/);
    expect(refusal('create', '{"name":"\\ud800"}')).toMatch(/^422\/422 .* must not hold control characters/);
    expect(refusal('create', `{"name":"${'x'.repeat(256)}"}`)).toMatch(/^422\/422 .* size must be between 1 and 255/);
    expect(parse('create', `{"name":"${'x'.repeat(255)}"}`)).toMatchObject({ name: 'x'.repeat(255) });
    expect(parse('create', '{"name":"a b/c 😀"}')).toMatchObject({ name: 'a b/c 😀' });
  });
});
