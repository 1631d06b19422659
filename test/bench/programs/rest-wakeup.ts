import { uniqueName } from '../../harness/topics.ts';
import { RestClient, type RestInstance } from '../clients/rest-client.ts';
import { runAsProgram } from '../clients/run-as-program.ts';
import { measureWakeUps, type OnRecord, sampleOf, type WakeUpParameters } from '../clients/wake-ups.ts';
import type { Latencies } from '../statistics.ts';

const READ_TIMEOUT_MS = 20_000;

export interface RestWakeUpParameters extends WakeUpParameters {
  readonly url: string;
}

async function waitForRecords(instance: RestInstance, reader: number, onRecord: OnRecord): Promise<never> {
  for (;;) {
    const body = await instance.read({ timeout: READ_TIMEOUT_MS });
    for (const { value } of JSON.parse(body.toString()) as { value: unknown }[]) onRecord(reader, sampleOf(value));
  }
}

async function restWakeUp(parameters: RestWakeUpParameters): Promise<Latencies> {
  const client = new RestClient(parameters.url);
  const instances: RestInstance[] = [];
  let done = false;
  const latencies = await measureWakeUps(parameters, async (onRecord) => {
    for (let reader = 0; reader < parameters.waiting; reader += 1) {
      const instance = await client.createInstance(uniqueName('bench-wakeup'), 'json');
      await instance.assign(parameters.topic, reader);
      instances.push(instance);
      // A read that fails ends the program, except when its instance is deleted under it at the end.
      void waitForRecords(instance, reader, onRecord).catch((error: unknown) => {
        if (!done) throw error;
      });
    }
  });
  done = true;
  await Promise.all(instances.map((instance) => instance.delete()));
  return latencies;
}

await runAsProgram(restWakeUp);
