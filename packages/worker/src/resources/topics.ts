import type { Handler } from '../http/dispatch.ts';
import { partitionBody } from './partitions.ts';

export const listTopics: Handler = async (exchange, api) => ({
  status: 200,
  body: JSON.stringify(await api.admins.of(exchange.principal).topics()),
});

export const getTopic: Handler = async (exchange, api) => {
  const { topic } = exchange.params;
  const admin = api.admins.of(exchange.principal);
  const [description, configs] = await Promise.all([admin.describeTopic(topic), admin.topicConfigs(topic)]);
  const partitions = description.partitions.map(partitionBody);
  const body = JSON.stringify({ name: description.name, configs: Object.fromEntries(configs), partitions });
  return { status: 200, body };
};
