import type { Handler } from '../http/dispatch.ts';
import { readMessages } from './messages.ts';
import { consumeTopic } from './records.ts';
import { withKafkaErrors } from './unreadable-records.ts';

/** The way past a record in an API that cannot seek. */
const READ_AS_BINARY = 'To go on behind it, let an instance of the group with the format binary read it, and commit.';

/** Who serves the operations that v1 alone has, or has in its own way. */
export const v1Handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['partitions.consume', withKafkaErrors(readMessages, 'Read on from the offset behind it.')],
  ['consumers.consume', withKafkaErrors(consumeTopic, READ_AS_BINARY)],
]);
