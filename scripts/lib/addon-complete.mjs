// Exits with 0 when node-rdkafka's addon loads and can do what Sluice promises. librdkafka builds without TLS or zstd
// when their headers are missing, and says nothing about it.
import { createRequire } from 'node:module';

const REQUIRED = ['ssl', 'sasl_plain', 'sasl_scram', 'sasl_oauthbearer', 'zstd', 'lz4', 'gzip', 'snappy'];

try {
  const { features } = createRequire(import.meta.url)('node-rdkafka');
  const missing = REQUIRED.filter((feature) => !features.includes(feature));
  if (missing.length > 0) throw new Error(`built without ${missing.join(', ')}`);
} catch (error) {
  process.stderr.write(`node-rdkafka: ${error.message.split('\n', 1)[0]}\n`);
  process.exitCode = 1;
}
