import { describe, expect, it, vi } from 'vitest';
import { rejoinIfChanged } from '../../src/cluster/changed-subscription.ts';
import type { Session } from '../../src/sessions/session.ts';

function successor(topics: readonly string[]) {
  const session = { reading: { isSubscribed: topics.length > 0, topics }, isArriving: true, closed: false };
  const remove = vi.fn(async () => undefined);
  const problems: unknown[] = [];
  const options = { joinMs: 300, onError: (error: unknown) => problems.push(error) };
  const look = async (joinedFor: () => Promise<readonly string[] | undefined>): Promise<void> =>
    await rejoinIfChanged(session as unknown as Session, { joinedFor, remove }, options);
  return { session, remove, problems, look };
}

describe('a successor that joins its group', () => {
  it('for other topics than its predecessor joins anew, but not before it has replaced it', async () => {
    const { session, remove, look } = successor(['a', 'b']);
    await look(async () => ['a']);
    expect(remove).not.toHaveBeenCalled();
    session.isArriving = false;
    await expect.poll(() => remove).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['for the same topics', ['a', 'b'], async () => ['b', 'a']],
    ['for topics of which the group says nothing', ['a'], async () => undefined],
    ['for none, since its partitions are assigned by hand', [], async () => ['a']],
    ['before its group has answered', ['a', 'b'], async () => await new Promise<never>(() => undefined)],
  ])('%s stays as it is', async (_why, topics, joinedFor) => {
    const { session, remove, look } = successor(topics);
    session.isArriving = false;
    await look(joinedFor);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(remove).not.toHaveBeenCalled();
  });

  it('is left alone when it has ended meanwhile, or nobody asked for it', async () => {
    const ended = successor(['a', 'b']);
    await ended.look(async () => ['a']);
    Object.assign(ended.session, { closed: true, isArriving: false });
    const idle = successor(['a', 'b']);
    await idle.look(async () => ['a']);
    await new Promise((resolve) => setTimeout(resolve, 600));
    idle.session.isArriving = false;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([ended.remove.mock.calls.length, idle.remove.mock.calls.length]).toEqual([0, 0]);
    expect(idle.problems).toEqual([]);
  });
});
