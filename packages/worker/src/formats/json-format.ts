import { isUtf8 } from 'node:buffer';
import { JsonScanner, JsonSyntaxError } from '@sluice/protocol';
import { PoisonData, type RecordFormat } from './record-format.ts';

/** As deep as Jackson goes, whatever the limit for request bodies is: the topic may hold what others wrote. */
const DEPTH_MAX = 1000;

/**
 * Values are checked and go into the answer byte for byte: a number of any size stays as it was written. What follows
 * the first value is left out, as Confluent's reader does.
 */
export const jsonFormat: RecordFormat = {
  name: 'json',
  encode: (data) => {
    if (!isUtf8(data)) throw new PoisonData('Invalid UTF-8.');
    const scanner = new JsonScanner(data, DEPTH_MAX);
    try {
      scanner.scanValue();
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      throw new PoisonData(error.message.endsWith('.') ? error.message : `${error.message}.`);
    }
    return data.toString('latin1', scanner.start, scanner.end);
  },
};
