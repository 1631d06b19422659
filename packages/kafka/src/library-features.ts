import rdkafka from 'node-rdkafka';

/** What the proxy promises and librdkafka only has when certain libraries were there when it was compiled. */
const promised: readonly string[] = [
  'ssl',
  'sasl_plain',
  'sasl_scram',
  'sasl_oauthbearer',
  'gzip',
  'snappy',
  'lz4',
  'zstd',
];

/** The promised features that the installed librdkafka lacks. Its build leaves them out without a word. */
export function missingLibraryFeatures(available: readonly string[] = rdkafka.features): string[] {
  return promised.filter((feature) => !available.includes(feature));
}
