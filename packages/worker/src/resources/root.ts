import { parseRootRequest } from '@sluice/protocol';
import type { Handler } from '../http/dispatch.ts';

export const getRoot: Handler = async ({ api: spoken }, { dialect, version }) => ({
  status: 200,
  body: spoken === 'v2' ? dialect.information(version) : '{}',
});

export const postRoot: Handler = async (exchange, api) => {
  parseRootRequest(await exchange.readBody(), api.config.http.jsonDepthMax);
  return { status: 200, body: '{}' };
};
