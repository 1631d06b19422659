import { describe, expect, it } from 'vitest';
import { Batch } from '../../src/sessions/delivery-tracker.ts';
import { ReplayStore } from '../../src/sessions/replay-store.ts';
import type { Session } from '../../src/sessions/session.ts';

const answer = (key: string, bytes: number) => ({
  key,
  batch: new Batch(),
  body: [Buffer.alloc(bytes)],
  contentType: 'x',
});
// The store only uses a session as a key.
const sessionKey = (): Session => ({}) as Session;

describe('ReplayStore', () => {
  it('finds the last answer of an instance by its key, and no other', () => {
    const store = new ReplayStore(100);
    const session = sessionKey();
    store.keep(session, answer('a', 10));
    store.keep(session, answer('b', 20));
    expect(store.find(session, 'a')).toBeUndefined();
    expect(store.find(session, 'b')?.body).toEqual([Buffer.alloc(20)]);
    expect(store.find(sessionKey(), 'b')).toBeUndefined();
    expect(store.bytes).toBe(20);
  });

  it('drops the oldest bodies when the budget is spent, and remembers their batches', () => {
    const store = new ReplayStore(100);
    const [old, young] = [sessionKey(), sessionKey()];
    store.keep(old, answer('a', 60));
    store.keep(young, answer('a', 60));
    expect(store.find(old, 'a')).toMatchObject({ body: undefined });
    expect(store.find(young, 'a')?.body).toBeDefined();
    expect(store.bytes).toBe(60);
    store.forget(young);
    store.forget(old);
    expect(store.bytes).toBe(0);
  });
});
