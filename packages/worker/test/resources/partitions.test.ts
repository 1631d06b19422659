import { describe, expect, it } from 'vitest';
import { partitionBody } from '../../src/resources/partitions.ts';

/** Contract A.5. */
describe('a partition in an answer', () => {
  it('tells its leader and its replicas in the order in which they were assigned', () => {
    const replicas = [
      { broker: 3, leader: false, inSync: false },
      { broker: 1, leader: true, inSync: true },
    ];
    expect(JSON.stringify(partitionBody({ partition: 2, leader: 1, replicas }))).toBe(
      '{"partition":2,"leader":1,"replicas":[{"broker":3,"leader":false,"in_sync":false},{"broker":1,"leader":true,"in_sync":true}]}',
    );
  });

  it('without a leader has -1 for it, and can be looked at all the same', () => {
    const replicas = [{ broker: 3, leader: false, inSync: true }];
    expect(JSON.stringify(partitionBody({ partition: 0, leader: -1, replicas }))).toBe(
      '{"partition":0,"leader":-1,"replicas":[{"broker":3,"leader":false,"in_sync":true}]}',
    );
  });
});
