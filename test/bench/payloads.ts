/** Size of each record's value, as bytes on Kafka's side. */
export const VALUE_BYTES = 256;

/** One JSON document of exactly 256 bytes with the things that occur in real ones: numbers, nesting, escapes. */
export function sampleValue(index: number): string {
  const document = {
    id: `order-${String(index).padStart(8, '0')}`,
    amount: 1990 + (index % 100) / 100,
    currency: 'EUR',
    paid: index % 2 === 0,
    customer: { id: 100_000 + (index % 900_000), name: 'Zo\u00eb "Z" Quist', tags: ['new', 'web'] },
    note: '',
  };
  const missing = VALUE_BYTES - Buffer.byteLength(JSON.stringify(document));
  if (missing < 0) throw new RangeError(`the sample is ${-missing} bytes too long`);
  return JSON.stringify({ ...document, note: 'x'.repeat(missing) });
}

export type Format = 'json' | 'binary';

export function contentType(format: Format): string {
  return `application/vnd.kafka.${format}.v2+json`;
}

/** The body of a produce request with `count` records. */
export function produceBody(format: Format, count: number): string {
  const values = Array.from({ length: count }, (_, index) => sampleValue(index));
  const texts = format === 'json' ? values : values.map((value) => `"${Buffer.from(value).toString('base64')}"`);
  return `{"records":[${texts.map((text) => `{"value":${text}}`).join(',')}]}`;
}
