import { parseAssignmentRequest } from '@sluice/protocol';
import type { Handler } from '../http/dispatch.ts';
import { forInstance, forJoinedInstance } from '../resources/instance.ts';

export const assign: Handler = forInstance('v2', async (session, exchange, api) => {
  await session.reading.assign(parseAssignmentRequest(await exchange.readBody(), api.config.http));
  return { status: 204 };
});

export const getAssignments: Handler = forJoinedInstance('v2', async (session) => {
  const partitions = session.reading.assignments.map(({ topic, partition }) => ({ topic, partition }));
  return { status: 200, body: JSON.stringify({ partitions }) };
});
