import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EdgeRequest } from '../src/edge-request.ts';
import { type Hold, Holding } from '../src/holding.ts';

const name = { group: 'g', instance: 'i' };

function requestFor(instance = name): { readonly r: EdgeRequest; readonly socket: EventEmitter } {
  const socket = Object.assign(new EventEmitter(), { destroyed: false });
  return { r: { request: { socket }, name: instance } as unknown as EdgeRequest, socket };
}

function holdingFor(heldMax = 10): { readonly holding: Holding; readonly ended: string[] } {
  const ended: string[] = [];
  const onHeld = (seconds: number, outcome: string): void => void ended.push(`${outcome} ${seconds}`);
  return { holding: new Holding({ heldMax, longestMs: 1000, random: () => 0.5, onHeld }), ended };
}

function begun(holding: Holding, r: EdgeRequest): Hold {
  const hold = holding.begin(r);
  if (hold === undefined) throw new Error('no more may wait');
  return hold;
}

describe('a request that is held', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('looks every now and then, not all at the same moment, and not for ever', async () => {
    const { holding, ended } = holdingFor();
    const { r, socket } = requestFor();
    const hold = begun(holding, r);
    let looks = 0;
    for (;;) {
      const pause = hold.pause();
      await vi.advanceTimersByTimeAsync(100);
      if ((await pause) !== 'look') break;
      looks += 1;
    }
    holding.end(hold);
    expect([looks, ended]).toEqual([10, ['refused 1.1']]);
    expect([holding.size, socket.listenerCount('close')]).toEqual([0, 0]);
  });

  it('looks at once when there is news of its instance, and of no other', async () => {
    const { holding, ended } = holdingFor();
    const hold = begun(holding, requestFor().r);
    const other = begun(holding, requestFor({ group: 'g', instance: 'other' }).r);
    const pauses: string[] = [];
    void hold.pause().then((outcome) => pauses.push(`mine: ${outcome}`));
    void other.pause().then((outcome) => pauses.push(`other: ${outcome}`));
    holding.wake(name);
    await vi.advanceTimersByTimeAsync(0);
    expect(pauses).toEqual(['mine: look']);
    holding.end(hold);
    expect(ended).toEqual(['served 0']);
  });

  it('is told of a drain that came while it looked', async () => {
    const { holding } = holdingFor();
    const hold = begun(holding, requestFor().r);
    holding.drain();
    expect(await hold.pause()).toBe('draining');
    expect(holding.begin(requestFor().r)).toBeUndefined();
  });
});
