import type { Handler } from '../http/dispatch.ts';
import { readMessages } from './messages.ts';
import { consumeTopic } from './records.ts';

/** Who serves the operations that v1 alone has, or has in its own way. */
export const v1Handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['partitions.consume', readMessages],
  ['consumers.consume', consumeTopic],
]);
