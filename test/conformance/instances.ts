import type { Proxy } from '../harness/proxy.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { uniqueName } from '../harness/topics.ts';

/** How far a client has come with its instance before the row of a table begins. */
export type Given = 'new' | 'subscribed' | 'assigned' | 'deleted';

/** An instance in a group of its own; `assigned` reads partition 0 of `topic` from its beginning. */
export async function instanceIn(
  given: Given,
  proxy: Proxy,
  topic: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<RestConsumer> {
  const consumer = await RestConsumer.create(proxy.http, uniqueName('group'), settings);
  if (given === 'subscribed') await consumer.subscribe(topic);
  else if (given === 'assigned') await consumer.assign(topic, 0);
  else if (given === 'deleted') await consumer.delete();
  return consumer;
}
