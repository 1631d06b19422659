import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kafkaErrorFromCode } from '../src/error-mapping.ts';
import { retryWhileMoving } from '../src/retry-while-moving.ts';

const COORDINATOR_LOAD_IN_PROGRESS = 14;
const COORDINATOR_NOT_AVAILABLE = 15;
const NOT_COORDINATOR = 16;
const UNSTABLE_OFFSET_COMMIT = 88;
const GROUP_AUTHORIZATION_FAILED = 30;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A coordinator that gives these errors, one after the other, and then answers. */
function coordinator(...codes: readonly number[]): { readonly ask: () => Promise<string>; asked: number } {
  const state = {
    asked: 0,
    ask: async (): Promise<string> => {
      const code = codes[state.asked];
      state.asked += 1;
      if (code !== undefined) throw kafkaErrorFromCode(code);
      return await Promise.resolve('offsets');
    },
  };
  return state;
}

describe('a question to the coordinator of a group', () => {
  it('is repeated while the coordinator starts or moves', async () => {
    const moving = coordinator(COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR);
    const answer = retryWhileMoving('coordinator', moving.ask, 10_000);
    await vi.advanceTimersByTimeAsync(300);
    expect(await answer).toBe('offsets');
    expect(moving.asked).toBe(4);
  });

  it('is repeated while a transaction that commits for the group is open', async () => {
    const unstable = coordinator(UNSTABLE_OFFSET_COMMIT);
    const answer = retryWhileMoving('coordinator', unstable.ask, 10_000);
    await vi.advanceTimersByTimeAsync(100);
    expect(await answer).toBe('offsets');
  });

  it('fails with the coordinator’s answer when the time is over', async () => {
    const gone = coordinator(...Array.from({ length: 1000 }, () => NOT_COORDINATOR));
    const answer = retryWhileMoving('coordinator', gone.ask, 1000);
    const failed = expect(answer).rejects.toMatchObject({ code: NOT_COORDINATOR });
    await vi.advanceTimersByTimeAsync(1000);
    await failed;
    expect(gone.asked).toBeLessThanOrEqual(11);
  });

  it('is not repeated after any other error', async () => {
    const refusing = coordinator(GROUP_AUTHORIZATION_FAILED);
    await expect(retryWhileMoving('coordinator', refusing.ask, 10_000)).rejects.toMatchObject({
      code: GROUP_AUTHORIZATION_FAILED,
    });
    expect(refusing.asked).toBe(1);
  });
});

describe('a question to the leader of a partition', () => {
  it('is repeated while the leader was just elected (bug: the offsets of a new topic were refused)', async () => {
    const elected = coordinator(6, 6);
    const answer = retryWhileMoving('leader', elected.ask, 10_000);
    await vi.advanceTimersByTimeAsync(200);
    expect(await answer).toBe('offsets');
  });

  it('is not repeated when there is no leader: that may last', async () => {
    const leaderless = coordinator(5);
    await expect(retryWhileMoving('leader', leaderless.ask, 10_000)).rejects.toMatchObject({ code: 5 });
  });
});
