import { createRequire } from 'node:module';

import rdkafka from 'node-rdkafka';

interface Librdkafka {
  err2str(code: number): string;
}

// err2str is part of the native module but not of node-rdkafka's exports; its loader is the only way to it.
const librdkafka = createRequire(import.meta.url)('node-rdkafka/librdkafka.js') as Librdkafka;

/** "Broker: Invalid topic" → "Invalid topic": the part that survives in a delivery report, before it is lower-cased. */
function tail(text: string): string {
  const parts = text.split(': ');
  return parts[1] ?? text;
}

const codeOfText: ReadonlyMap<string, number> = new Map(
  Object.values(rdkafka.CODES.ERRORS)
    .filter((code) => code !== rdkafka.CODES.ERRORS.ERR__BEGIN && code !== rdkafka.CODES.ERRORS.ERR__END)
    .map((code) => [tail(librdkafka.err2str(code)).toLowerCase(), code]),
);

/** librdkafka's own description of a code, without its "Local: " or "Broker: " prefix. */
export function librdkafkaText(code: number): string {
  return tail(librdkafka.err2str(code));
}

/**
 * The code that belongs to librdkafka's description of it, with or without the prefix and in any case;
 * undefined for a text that librdkafka does not have. Needed because node-rdkafka throws the code of a
 * failed delivery away and keeps the lower-cased description.
 */
export function codeOfLibrdkafkaText(text: string): number | undefined {
  return codeOfText.get(text.toLowerCase()) ?? codeOfText.get(tail(text).toLowerCase());
}
