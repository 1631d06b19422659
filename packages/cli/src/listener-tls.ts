import { translateListenerIdentity } from '@sluice/kafka/client-settings';
import { type ApiListener, ApiTls, type ApiTlsOptions, type Config } from '@sluice/runtime';

const FILE_KEYS = ['ssl.keystore.location', 'ssl.truststore.location'];

/** What is wrong with the certificates of the listeners. */
export function listenerTlsProblems({ listeners }: Pick<Config, 'listeners'>): string[] {
  return listeners.flatMap(({ tls }) => {
    // What is missing altogether was told when the keys were read.
    if (tls === undefined || fileOf(tls, 'ssl.keystore.location') === '') return [];
    try {
      ApiTls.read(tlsOptions(tls));
      return [];
    } catch (error) {
      if (error instanceof Error && 'problems' in error) return error.problems as string[];
      throw error;
    }
  });
}

/** TLS on a listener, if it is one of https. */
export function listenerTls({ tls }: ApiListener): ApiTls | undefined {
  return tls === undefined ? undefined : ApiTls.read(tlsOptions(tls));
}

type Tls = NonNullable<ApiListener['tls']>;

function fileOf({ stores }: Tls, key: string): string {
  return stores.findLast(([, keys]) => keys[key] !== undefined)?.[1][key] ?? '';
}

function tlsOptions(tls: Tls): ApiTlsOptions {
  return {
    settings: tls,
    files: FILE_KEYS.map((key) => fileOf(tls, key)).filter((file) => file !== ''),
    read: () => {
      const { tls: value, problems } = translateListenerIdentity({ layers: tls.stores });
      return problems.length > 0 ? { problems } : { value };
    },
  };
}
