import { describe, expect, it } from 'vitest';
import { silenceOf } from '../../src/v1/messages.ts';

const partition = (leader: number) => ({ partition: 0, leader, replicas: [] });

describe('a partition that did not answer in time', () => {
  it.each([
    ['has no leader', [partition(-1)], 404, 40_404],
    ['has one, which is slow', [partition(1)], 500, 50_003],
    ['is gone', [], 500, 50_003],
  ])('%s', (_title, partitions, status, code) => {
    expect(silenceOf({ name: 't', partitions }, 0, 10_000)).toMatchObject({ status, code });
  });
});
