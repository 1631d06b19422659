import type { Handler } from '../http/dispatch.ts';

export const listBrokers: Handler = async (exchange, api) => ({
  status: 200,
  body: JSON.stringify({ brokers: await api.admins.of(exchange.principal).brokers() }),
});
