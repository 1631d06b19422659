// The yardstick for single-record produce: what node:http and node-rdkafka need to do that and nothing else. No
// validation, no limits, no errors, no routes.
import { createServer } from 'node:http';
import { rawProducer } from '../clients/raw-clients.ts';

interface Batch {
  outstanding: number;
  readonly offsets: object[];
  readonly answer: () => void;
}

const [, , bootstrap = '', port = ''] = process.argv;
const producer = await rawProducer(bootstrap);
producer.on('delivery-report', (_, report) => {
  const { batch, index } = report.opaque as { batch: Batch; index: number };
  batch.offsets[index] = { partition: report.partition, offset: report.offset, error_code: null, error: null };
  batch.outstanding -= 1;
  if (batch.outstanding === 0) batch.answer();
});

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const topic = request.url?.slice('/topics/'.length) ?? '';
    const { records } = JSON.parse(Buffer.concat(chunks).toString()) as { records: { value: unknown }[] };
    const offsets: object[] = [];
    const answer = (): void => {
      const body = JSON.stringify({ offsets, key_schema_id: null, value_schema_id: null });
      const headers = { 'content-type': 'application/vnd.kafka.v2+json', 'content-length': Buffer.byteLength(body) };
      response.writeHead(200, headers).end(body);
    };
    const batch: Batch = { outstanding: records.length, offsets, answer };
    for (const [index, { value }] of records.entries()) {
      producer.produce(topic, null, Buffer.from(JSON.stringify(value)), null, null, { batch, index });
    }
  });
});
server.listen(Number(port), '127.0.0.1');
