import type { NodeRecord } from '@sluice/directory';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NodeLink } from '../src/known-nodes.ts';
import { SilentNodes } from '../src/silent-nodes.ts';

const TICK_MS = 250;
const NOBODY: ReadonlySet<object> = new Set();

function watched() {
  const record = { id: 'a', boot: 'b', address: 'http://127.0.0.1:1', state: 'up' } as NodeRecord;
  const link = new NodeLink(record);
  link.calls = 1;
  const answers = { isThere: true };
  const pings: number[] = [];
  const told: boolean[] = [];
  const nodes = new SilentNodes({
    links: () => [link],
    ping: async () => {
      pings.push(performance.now());
      return await Promise.resolve(answers.isThere);
    },
    onSilent: (_link, isNew) => told.push(isNew),
    now: () => performance.now(),
  });
  /** Looks as often as the time allows. */
  const pass = async (ms: number, heard: ReadonlySet<object> = NOBODY): Promise<void> => {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      nodes.look(heard);
      await vi.advanceTimersByTimeAsync(TICK_MS);
    }
  };
  return { link, nodes, answers, pings, told, pass };
}

describe('a node that is sent requests', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is asked nothing while it answers, or while nothing is under way there', async () => {
    const { link, pings, pass } = watched();
    for (let i = 0; i < 10; i++) {
      await pass(1750);
      await pass(TICK_MS, new Set([link]));
    }
    link.calls = 0;
    await pass(10_000);
    expect(pings).toEqual([]);
  });

  it('is asked every two seconds when nothing comes from it: polls wait for long', async () => {
    const { pings, told, pass } = watched();
    await pass(10_000);
    expect(pings.length).toBeGreaterThanOrEqual(4);
    expect(pings.length).toBeLessThanOrEqual(5);
    expect(told).toEqual([]);
  });

  it('is silent when two pings in a row fail, and until one is answered, whatever is under way', async () => {
    const { link, nodes, answers, told, pass } = watched();
    answers.isThere = false;
    await pass(2500);
    expect([nodes.isSilent(link), told]).toEqual([false, []]);
    await pass(500);
    expect([nodes.isSilent(link), told]).toEqual([true, [true]]);
    link.calls = 0;
    await pass(1000);
    expect(told).toEqual([true, false, false]);
    answers.isThere = true;
    await pass(750);
    expect(nodes.isSilent(link)).toBe(false);
  });

  it('is silent no more when an answer comes from it', async () => {
    const { link, nodes, answers, pass } = watched();
    answers.isThere = false;
    await pass(3500);
    expect(nodes.isSilent(link)).toBe(true);
    await pass(TICK_MS, new Set([link]));
    expect(nodes.isSilent(link)).toBe(false);
  });

  it('is asked sooner when its lease is over', async () => {
    const { link, nodes, answers, pass } = watched();
    answers.isThere = false;
    link.missingSince = 0;
    await pass(1250);
    expect(nodes.isSilent(link)).toBe(true);
  });
});
