import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kafkaErrorFromCode } from '../src/error-mapping.ts';
import { LATEST, type OffsetAnswer, type OffsetQuery, settledAnswers } from '../src/offset-queries.ts';

const NOT_LEADER = kafkaErrorFromCode(6);
const UNKNOWN = kafkaErrorFromCode(3);
const UNREACHABLE = kafkaErrorFromCode(-195);
const queries = [0, 1, 2].map((partition) => ({ topic: 't', partition, timestamp: LATEST }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

type Script = (partition: number, round: number) => OffsetAnswer;

/** A cluster whose partitions answer as the script says, and which notes what it was asked in each round. */
function cluster(answer: Script) {
  const rounds: number[][] = [];
  const ask = async (open: readonly OffsetQuery[]): Promise<Map<OffsetQuery, OffsetAnswer>> => {
    rounds.push(open.map(({ partition }) => partition));
    return await Promise.resolve(new Map(open.map((query) => [query, answer(query.partition, rounds.length)])));
  };
  return { rounds, ask };
}

describe('the offsets of several partitions', () => {
  it('are asked for again only where the leader was just elected', async () => {
    const electing = cluster((partition, round) =>
      partition === 1 && round < 3 ? NOT_LEADER : 10 * round + partition,
    );
    const answers = settledAnswers(queries, electing.ask, 10_000);
    await vi.advanceTimersByTimeAsync(200);
    expect(await answers).toEqual([10, 31, 12]);
    expect(electing.rounds).toEqual([[0, 1, 2], [1], [1]]);
  });

  it('are given with the errors of those that are missing, at once', async () => {
    const incomplete = cluster((partition) => (partition === 1 ? UNKNOWN : null));
    expect(await settledAnswers(queries, incomplete.ask, 10_000)).toEqual([null, UNKNOWN, null]);
    expect(incomplete.rounds).toHaveLength(1);
  });

  it('are given when the time is over, also if one has no leader by then', async () => {
    const electing = cluster((partition) => (partition === 1 ? NOT_LEADER : partition));
    const answers = settledAnswers(queries, electing.ask, 1000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await answers).toEqual([0, NOT_LEADER, 2]);
  });

  it('fail as a whole only when the cluster cannot be asked', async () => {
    const away = async (): Promise<never> => await Promise.reject(UNREACHABLE);
    await expect(settledAnswers(queries, away, 10_000)).rejects.toBe(UNREACHABLE);
  });
});
