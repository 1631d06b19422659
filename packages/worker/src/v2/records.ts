import type { Handler } from '../http/dispatch.ts';
import { forInstance } from '../resources/instance.ts';
import { readInstance, recordsTypeOf } from '../resources/instance-read.ts';
import { positiveParameter } from '../resources/positive-parameter.ts';

export const consumeRecords: Handler = forInstance('v2', async (session, exchange, api) => {
  const contentType = recordsTypeOf(session, exchange);
  const timeoutMs = positiveParameter(exchange.negotiated.query, 'timeout');
  return await readInstance(session, exchange, api, { contentType, timeoutMs });
});
