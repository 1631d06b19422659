import { createApiListeners } from './api-listeners.ts';
import { clusterParts } from './cluster-parts.ts';
import { clusterRoutes } from './cluster-routes.ts';
import { createEdge } from './create-edge.ts';
import type { ServerContext, ServerParts } from './server-context.ts';

/** Puts together the role that only forwards. It knows no Kafka, and may be ended at any time. */
export async function prepareEdge(context: ServerContext): Promise<ServerParts> {
  const { configuration, lifecycle, log } = context;
  const { config } = configuration;
  const cluster = await clusterParts(config, log, () => undefined);
  const edge = createEdge(context, cluster, undefined);
  const listeners = createApiListeners(context, (req, res) => edge.serve(req, res));
  lifecycle.onUnready(() => edge.retire());
  lifecycle.onDrain('api', async (budgetMs) => {
    edge.drain();
    void listeners.stopListening();
    await listeners.close(budgetMs);
  });
  lifecycle.onDrain('cluster', async () => {
    await edge.close();
    await cluster.close();
  });
  return {
    kafka: undefined,
    checks: [],
    routes: clusterRoutes({ directory: cluster.directory }),
    listen: async () => {
      await Promise.all([cluster.start(), edge.start()]);
      return await listeners.listen();
    },
  };
}
