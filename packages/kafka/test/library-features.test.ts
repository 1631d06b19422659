import { describe, expect, it } from 'vitest';
import { missingLibraryFeatures } from '../src/library-features.ts';

describe('the installed librdkafka', () => {
  it('was compiled with all that the proxy promises', () => {
    expect(missingLibraryFeatures()).toEqual([]);
  });

  it('is found wanting when it was not', () => {
    expect(
      missingLibraryFeatures(['gzip', 'snappy', 'ssl', 'sasl_plain', 'sasl_scram', 'sasl_oauthbearer', 'lz4']),
    ).toEqual(['zstd']);
  });
});
