/** Size of each record's value, as bytes on Kafka's side. */
export const VALUE_BYTES = 256;

function sampleDocument(index: number) {
  return {
    id: `order-${String(index).padStart(8, '0')}`,
    amount: 1990 + (index % 100) / 100,
    currency: 'EUR',
    paid: index % 2 === 0,
    customer: { id: 100_000 + (index % 900_000), name: 'Zo\u00eb "Z" Quist', tags: ['new', 'web'] },
  };
}

/** The text of the document with a note of the length that makes it 256 bytes. */
function filledUp(document: (note: string) => object): string {
  const missing = VALUE_BYTES - Buffer.byteLength(JSON.stringify(document('')));
  if (missing < 0) throw new RangeError(`the sample is ${-missing} bytes too long`);
  return JSON.stringify(document('x'.repeat(missing)));
}

/** One JSON document of exactly 256 bytes with the things that occur in real ones: numbers, nesting, escapes. */
export function sampleValue(index: number): string {
  return filledUp((note) => ({ ...sampleDocument(index), note }));
}

/** The schema of `sampleAvroValue`, with an enum and a union as real ones have. */
export const AVRO_SCHEMA: string = JSON.stringify({
  type: 'record',
  name: 'Order',
  namespace: 'bench',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'amount', type: 'double' },
    { name: 'currency', type: { type: 'enum', name: 'Currency', symbols: ['CHF', 'EUR', 'USD'] } },
    { name: 'paid', type: 'boolean' },
    {
      name: 'customer',
      type: {
        type: 'record',
        name: 'Customer',
        fields: [
          { name: 'id', type: 'long' },
          { name: 'name', type: 'string' },
          { name: 'tags', type: { type: 'array', items: 'string' } },
        ],
      },
    },
    { name: 'note', type: ['null', 'string'] },
  ],
});

/** The same document in Avro's JSON encoding, as many bytes. */
export function sampleAvroValue(index: number): string {
  return filledUp((note) => ({ ...sampleDocument(index), note: { string: note } }));
}

export type Format = 'json' | 'binary' | 'avro';

export function contentType(format: Format): string {
  return `application/vnd.kafka.${format}.v2+json`;
}

function recordsOf(values: readonly string[]): string {
  return `"records":[${values.map((value) => `{"value":${value}}`).join(',')}]`;
}

/** The body of a produce request with `count` records. */
export function produceBody(format: 'json' | 'binary', count: number): string {
  const values = Array.from({ length: count }, (_, index) => sampleValue(index));
  const texts = format === 'json' ? values : values.map((value) => `"${Buffer.from(value).toString('base64')}"`);
  return `{${recordsOf(texts)}}`;
}

/** The same for Avro, by the id of `AVRO_SCHEMA`. */
export function produceAvroBody(schemaId: number, count: number): string {
  const values = Array.from({ length: count }, (_, index) => sampleAvroValue(index));
  return `{"value_schema_id":${schemaId},${recordsOf(values)}}`;
}
