import { startMockCluster } from '@sluice/kafka';

/**
 * The Kafka in memory of `sluice dev`, in a process of its own: it shares neither the event loop nor the fate of the
 * proxy. Tells its parent where it listens and ends with it: the channel to the parent closes however that dies.
 */
async function run(): Promise<void> {
  // Ctrl-C reaches every process of the terminal; this one must outlive the proxy, which still flushes.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
  const cluster = await startMockCluster({});
  process.send?.({ bootstrapServers: cluster.bootstrapServers });
}

await run();
