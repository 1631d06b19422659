import { parseAssignmentRequest } from '@sluice/protocol';
import type { Handler } from '../http/dispatch.ts';
import { forInstance, forJoinedInstance } from './instance.ts';

export const assign: Handler = forInstance(async (session, exchange, api) => {
  await session.reading.assign(parseAssignmentRequest(await exchange.readBody(), api.config.http));
  return { status: 204 };
});

export const getAssignments: Handler = forJoinedInstance(async (session) => {
  const partitions = session.reading.assignments.map(({ topic, partition }) => ({ topic, partition }));
  return { status: 200, body: JSON.stringify({ partitions }) };
});
