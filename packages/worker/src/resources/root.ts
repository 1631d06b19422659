import { parseRootRequest } from '@sluice/protocol';
import type { Handler } from '../http/dispatch.ts';

export const getRoot: Handler = async () => ({ status: 200, body: '{}' });

export const postRoot: Handler = async (exchange, api) => {
  parseRootRequest(await exchange.readBody(), api.config.http.jsonDepthMax);
  return { status: 200, body: '{}' };
};
