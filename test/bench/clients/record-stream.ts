import { sampleValue } from '../payloads.ts';
import { disconnected, lookUpTopic, rawProducer } from './raw-clients.ts';

export interface RecordStream {
  readonly stop: () => Promise<void>;
}

/** Writes one small record after the other to a topic's only partition, so that each read finds something. */
export async function startRecordStream(bootstrap: string, topic: string, intervalMs: number): Promise<RecordStream> {
  const producer = await rawProducer(bootstrap);
  await lookUpTopic(producer, topic);
  let written = 0;
  const timer = setInterval(() => {
    producer.produce(topic, 0, Buffer.from(sampleValue(written)));
    written += 1;
  }, intervalMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await disconnected(producer);
    },
  };
}
