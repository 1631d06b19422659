import { isUtf8 } from 'node:buffer';
import { JsonScanner, JsonSyntaxError, JsonWalker } from '@sluice/protocol';
import { PoisonData, type RecordFormat } from './record-format.ts';

/** As deep as Jackson goes, whatever the limit for request bodies is: the topic may hold what others wrote. */
const DEPTH_MAX = 1000;

/** No token of JSON contains this byte: none that is walked through runs past it. */
const SENTINEL = 0;

/** A piece larger than this holds one large record, and nothing more is written to it. */
const REUSED_BYTES_MAX = 65_536;

/** For the piece that was written to last: a walker for every value cost as much as walking through it. */
let lastWalker = new JsonWalker(Buffer.alloc(0), DEPTH_MAX);

function walkerOf(piece: Buffer): JsonWalker {
  if (lastWalker.body === piece) return lastWalker;
  const walker = new JsonWalker(piece, DEPTH_MAX);
  if (piece.length <= REUSED_BYTES_MAX) lastWalker = walker;
  return walker;
}

/**
 * Values go into the answer byte for byte and are checked there: a number of any size stays as it was written. What
 * follows the first value is left out, as Confluent's reader does.
 */
export const jsonFormat: RecordFormat = {
  name: 'json',
  write: (data, out) => {
    out.reserve(data.length + 1);
    const { buffer, position } = out;
    buffer.set(data, position);
    buffer[position + data.length] = SENTINEL;
    const walker = walkerOf(buffer);
    walker.sawNonAscii = false;
    try {
      const start = walker.space(position);
      const end = walker.value(start, 0);
      // All bytes, those that are left out as well. Most values are ASCII, and the question costs more than walking through.
      if ((walker.sawNonAscii || end < position + data.length) && !isUtf8(data)) throw invalidUtf8();
      if (start !== position) buffer.copyWithin(position, start, end);
      out.position = position + end - start;
    } catch (error) {
      throw error instanceof JsonSyntaxError ? poison(data) : error;
    }
  },
};

function invalidUtf8(): PoisonData {
  return new PoisonData('Invalid UTF-8.');
}

/** What is wrong with a value, told in positions of its own. */
function poison(data: Buffer): PoisonData {
  if (!isUtf8(data)) return invalidUtf8();
  try {
    new JsonScanner(data, DEPTH_MAX).scanValue();
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return new PoisonData(error.message.endsWith('.') ? error.message : `${error.message}.`);
  }
  throw new Error('A value was refused in its answer and is valid by itself.');
}
