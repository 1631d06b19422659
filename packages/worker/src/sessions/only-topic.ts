import { ApiError } from '@sluice/protocol';
import type { Reading } from './reading.ts';

/**
 * The subscription of an instance of v1: to one topic, the first that is asked for (contract C.4). Reads that come at the
 * same time share it, and of two topics one wins.
 */
export class OnlyTopic {
  readonly #reading: Reading;
  #beginning: { readonly topic: string; readonly done: Promise<void> } | undefined;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** Nothing is to be done for a read of it. */
  isFollowed(topic: string): boolean {
    const { isSubscribed, topics, error } = this.#reading;
    return isSubscribed && topics[0] === topic && error === undefined;
  }

  /**
   * Subscribes to the topic, or tries anew where reads of it have an error to tell.
   * @throws ApiError 409/40901 when it is another one; as `Reading.subscribe` and `Reading.renew`
   */
  async follow(topic: string): Promise<void> {
    const followed = this.#reading.topics[0] ?? this.#beginning?.topic ?? topic;
    if (followed !== topic) throw new ApiError('alreadySubscribed');
    if (this.isFollowed(topic)) return;
    this.#beginning ??= { topic, done: this.#begin(topic) };
    await this.#beginning.done;
  }

  async #begin(topic: string): Promise<void> {
    try {
      if (this.#reading.topics[0] === topic) await this.#reading.renew();
      else await this.#reading.subscribe([topic]);
    } finally {
      this.#beginning = undefined;
    }
  }
}
