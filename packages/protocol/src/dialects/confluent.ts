import type { DialectFacts } from './dialect.ts';

export const confluent: DialectFacts = {
  name: 'confluent',
  routes: (v2) => v2,
  takesV1Types: false,
  formats: [],
  commitStep: 1,
  commitAnswer: { status: 200, body: '[]' },
  hasHeaders: false,
  hasTimestamps: false,
  takesKafkaNames: false,
  autoOffsetReset: undefined,
  takesAsync: false,
  followsForwardedPath: false,
  tellsPartitions: false,
  information: () => '{}',
  errorOf: (_name, kind) => kind,
};
