import { ApiError, errorBody, errorKinds } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

describe('an API error', () => {
  it('takes status, code, message and retriability from the registry', () => {
    const error = new ApiError('consumerInstanceNotFound');
    expect(error).toMatchObject({
      status: 404,
      code: 40403,
      message: 'Consumer instance not found.',
      retriable: false,
    });
  });

  it('appends a detail, or is told in other words, and keeps its cause', () => {
    const cause = new Error('inner');
    expect(new ApiError('illegalState', { detail: 'No current assignment', cause }).message).toBe(
      'Illegal state: No current assignment',
    );
    expect(new ApiError('kafka', { message: 'broken', cause }).cause).toBe(cause);
    expect('cause' in new ApiError('kafka')).toBe(false);
  });

  it('renders as the one error body, whatever its message holds', () => {
    expect(errorBody(new ApiError('badRequest', { message: 'a "b"\n\ud800' }))).toBe(
      '{"error_code":400,"message":"a \\"b\\"\\n\\ud800"}',
    );
  });

  it('has a code whose first three digits are its status, but for the two that the contract has otherwise', () => {
    const different = Object.entries(errorKinds).filter(
      ([, kind]) => !String(kind.code).startsWith(String(kind.status)),
    );
    expect(different.map(([name]) => name)).toEqual(['consumerConfigOutOfRange', 'noSimpleConsumer']);
  });
});
