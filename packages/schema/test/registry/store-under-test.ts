import { afterEach, beforeEach } from 'vitest';
import type { FaultyRegistry } from '../../../../test/harness/faulty-registry.ts';
import type { SchemaSource } from '../../src/codec.ts';
import { RegistryClient } from '../../src/registry/registry-client.ts';
import { SchemaStore, type SchemaStoreOptions } from '../../src/registry/schema-store.ts';
import { compileFake, type FakeCodec } from './fake-codec.ts';
import { type FakeRegistry, startFakeRegistry } from './fake-registry.ts';

interface StoreUnderTest {
  readonly fake: FakeRegistry;
  readonly server: FaultyRegistry;
  /** What was compiled for any of the test's stores. */
  readonly compiled: readonly SchemaSource[];
  readonly storeOf: (options?: Partial<SchemaStoreOptions>) => SchemaStore;
}

/** A registry, a client and stores for each test of the file. */
export function storeUnderTest(): StoreUnderTest {
  let registry: Awaited<ReturnType<typeof startFakeRegistry>>;
  let client: RegistryClient;
  let compiled: SchemaSource[];
  beforeEach(async () => {
    registry = await startFakeRegistry();
    client = new RegistryClient({ urls: [registry.server.url], retryWaitMs: 1, retryMaxWaitMs: 1 });
    compiled = [];
  });
  afterEach(async () => {
    await client.close();
    await registry.server.close();
  });
  return {
    get fake() {
      return registry.fake;
    },
    get server() {
      return registry.server;
    },
    get compiled() {
      return compiled;
    },
    storeOf: (options = {}) => {
      const compile = (source: SchemaSource): FakeCodec => {
        compiled.push(source);
        return compileFake(source);
      };
      return new SchemaStore({ client, compile, ...options });
    },
  };
}
