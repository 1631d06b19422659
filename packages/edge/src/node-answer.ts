import type { IncomingMessage, ServerResponse } from 'node:http';
import { peerHeaders } from '@sluice/protocol';
import { isForwarded, namedBy } from './headers.ts';

/**
 * What the head of a node's answer says, read from the headers as they came: Node makes an object of them when somebody
 * asks for it, and that costs more than all of this.
 */
export class AnswerHead {
  /** Names and values in turn. How the answer is framed on the client's connection is decided there. */
  readonly forClient: readonly string[];
  /** Nothing was done. */
  isNotAccepted = false;
  /** The node wants to know when the client has it. */
  isAwaited = false;
  owner: string | undefined;
  /** Bytes of the body, where the node says so. */
  length: number | undefined;

  constructor(rawHeaders: readonly string[]) {
    const forClient: string[] = [];
    let connection: string | undefined;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] as string;
      const value = rawHeaders[i + 1] as string;
      const lower = name.toLowerCase();
      if (lower === 'connection') connection = connection === undefined ? value : `${connection}, ${value}`;
      else if (isForwarded(lower, undefined)) {
        if (lower === 'content-length') this.length = Number(value);
        if (lower !== 'transfer-encoding') forClient.push(name, value);
      } else if (lower === peerHeaders.servedBy) forClient.push(name, value);
      else this.#note(lower, value);
    }
    this.forClient = without(forClient, namedBy(connection));
  }

  #note(name: string, value: string): void {
    if (name === peerHeaders.awaited) this.isAwaited = true;
    else if (name === peerHeaders.notAccepted) this.isNotAccepted = true;
    else if (name === peerHeaders.owner) this.owner = value;
  }
}

function without(headers: string[], named: ReadonlySet<string> | undefined): string[] {
  if (named === undefined) return headers;
  const isKept = (index: number): boolean => !named.has((headers[index - (index % 2)] as string).toLowerCase());
  return headers.filter((_, index) => isKept(index));
}

/**
 * As `pipe` does it, without the ten listeners that it adds and removes: a body whose length is known ends with its last
 * byte, and so an answer in one piece leaves in one piece.
 *
 * @param length bytes after which the answer ends; undefined: the caller ends it
 */
export function passBody(answer: IncomingMessage, response: ServerResponse, length: number | undefined): void {
  let left = length ?? Number.POSITIVE_INFINITY;
  answer.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left <= 0) response.end(chunk);
    else if (!response.write(chunk)) {
      answer.pause();
      response.once('drain', () => answer.resume());
    }
  });
}
