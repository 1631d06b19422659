import type { DialectConfig } from './config.ts';
import { choice, flag, type Group, integer, MIB } from './setting.ts';

/** What other proxies than Confluent's have. Each is off by default, and to be the same on all nodes of a cluster. */
export const dialect: Group<DialectConfig> = {
  name: choice('sluice.dialect', {
    description:
      'Whose words v2 has where proxies differ: Confluent, or for clients of other proxies Strimzi (Kafka Bridge) or Karapace.',
    defaultValue: 'confluent',
    values: ['confluent', 'strimzi', 'karapace'],
  }),
  lenientTypes: flag('sluice.media.types.lenient', {
    description:
      'v2 takes and gives `application/json`, and its own types everywhere, for clients of Karapace and Pandaproxy; v1 then answers its own types alone.',
    defaultValue: false,
  }),
  headers: flag('sluice.records.headers', {
    description: 'Records of v2 have `headers`, written and read, as with Strimzi and Karapace.',
    defaultValue: false,
  }),
  timestamps: flag('sluice.records.timestamps', {
    description:
      'Records of v2 have a `timestamp`, written and read, as with Strimzi; Karapace has it in what is read.',
    defaultValue: false,
  }),
  headersMax: integer('sluice.records.headers.max', {
    description: 'Headers of one record of a request, beyond which the answer is 413.',
    defaultValue: 100,
    min: 1,
    max: 10_000,
  }),
  headersMaxBytes: integer('sluice.records.headers.max.bytes', {
    description: 'Size of their keys and values, beyond which the answer is 413.',
    defaultValue: 65_536,
    min: 1,
    max: 64 * MIB,
  }),
  headersTotalMax: integer('sluice.records.headers.total.max', {
    description:
      'Headers of all records of a request, beyond which the answer is 413: the process does nothing else while it looks at them.',
    defaultValue: 500_000,
    min: 1,
    max: 10_000_000,
  }),
};
