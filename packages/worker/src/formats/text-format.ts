import { isUtf8 } from 'node:buffer';
import { PoisonData, type RecordFormat } from './record-format.ts';

/** A character takes six bytes where it has to be escaped. */
const ESCAPED_BYTES_MAX = 6;
const QUOTES_BYTES = 2;

/** Strimzi's: keys and values are text. What is none is refused, and not replaced by marks as Strimzi does. */
export const textFormat: RecordFormat = {
  name: 'text',
  write: (data, out) => {
    if (!isUtf8(data)) throw new PoisonData('Invalid UTF-8.');
    const text = JSON.stringify(data.toString('utf8'));
    out.reserve(data.length * ESCAPED_BYTES_MAX + QUOTES_BYTES);
    out.utf8(text);
  },
};
