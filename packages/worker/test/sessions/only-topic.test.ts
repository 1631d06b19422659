import type { ApiError } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { OnlyTopic } from '../../src/sessions/only-topic.ts';
import type { Reading } from '../../src/sessions/reading.ts';

/** A source that is followed once somebody lets it be. */
class FakeReading {
  topics: readonly string[] = [];
  error: Error | undefined;
  readonly asked: string[] = [];
  settle: (error?: Error) => void = () => undefined;

  get isSubscribed(): boolean {
    return this.topics.length > 0;
  }

  async subscribe([topic = '']: readonly string[]): Promise<void> {
    this.asked.push(topic);
    await new Promise<void>((resolve, reject) => {
      this.settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.topics = [topic];
  }

  async renew(): Promise<void> {
    this.asked.push('renewal');
    this.error = undefined;
  }
}

function subject(): { reading: FakeReading; only: OnlyTopic } {
  const reading = new FakeReading();
  return { reading, only: new OnlyTopic(reading as unknown as Reading) };
}

const taken = expect.objectContaining<Partial<ApiError>>({ kind: 'alreadySubscribed' });

describe('the one topic of an instance', () => {
  it('is the first that is asked for, and stays it', async () => {
    const { reading, only } = subject();
    const first = only.follow('a');
    reading.settle();
    await first;
    expect(only.isFollowed('a')).toBe(true);
    await only.follow('a');
    await expect(only.follow('b')).rejects.toEqual(taken);
    expect(reading.asked).toEqual(['a']);
  });

  it('is subscribed to once, however many reads begin with it, and one of two wins', async () => {
    const { reading, only } = subject();
    const both = [only.follow('a'), only.follow('a')];
    await expect(only.follow('b')).rejects.toEqual(taken);
    reading.settle();
    await Promise.all(both);
    expect(reading.asked).toEqual(['a']);
  });

  it('is free again when it could not be subscribed to', async () => {
    const { reading, only } = subject();
    const first = only.follow('a');
    reading.settle(new Error('the directory is away'));
    await expect(first).rejects.toThrow('away');
    const second = only.follow('b');
    reading.settle();
    await second;
    expect(only.isFollowed('b')).toBe(true);
  });

  it('is tried anew after an error, which may be over, and not subscribed to once more', async () => {
    const { reading, only } = subject();
    reading.topics = ['a'];
    reading.error = new Error('no right to read it');
    expect(only.isFollowed('a')).toBe(false);
    await only.follow('a');
    expect([only.isFollowed('a'), reading.asked]).toEqual([true, ['renewal']]);
  });
});
