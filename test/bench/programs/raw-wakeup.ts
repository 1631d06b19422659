import type rdkafka from 'node-rdkafka';
import { uniqueName } from '../../harness/topics.ts';
import { consume, rawConsumer } from '../clients/raw-clients.ts';
import { runAsProgram } from '../clients/run-as-program.ts';
import { measureWakeUps, type OnRecord, sampleOf, type WakeUpParameters } from '../clients/wake-ups.ts';
import type { Latencies } from '../statistics.ts';

const CONSUME_TIMEOUT_MS = 1000;

/** What a native consumer does best: one blocking call, and a thread, for each that waits. */
async function waitForRecords(consumer: rdkafka.KafkaConsumer, reader: number, onRecord: OnRecord): Promise<never> {
  for (;;) {
    for (const { value } of await consume(consumer, 1, CONSUME_TIMEOUT_MS)) {
      onRecord(reader, sampleOf(JSON.parse(String(value))));
    }
  }
}

async function rawWakeUp(parameters: WakeUpParameters): Promise<Latencies> {
  return await measureWakeUps(parameters, async (onRecord) => {
    for (let reader = 0; reader < parameters.waiting; reader += 1) {
      const consumer = await rawConsumer(parameters.bootstrap, uniqueName('bench-raw'));
      consumer.assign([{ topic: parameters.topic, partition: reader, offset: 0 }]);
      void waitForRecords(consumer, reader, onRecord);
    }
  });
}

await runAsProgram(rawWakeUp);
