import type { ApiVersion, ServedVersions } from '@sluice/protocol';
import type { FrontConfig } from '../config.ts';

/** The versions of the API that are served, the one that is meant where a request does not tell first. */
export function servedVersions({ v1Enabled, v2Enabled, defaultVersion }: FrontConfig): ServedVersions {
  const isOn: Readonly<Record<ApiVersion, boolean>> = { v1: v1Enabled, v2: v2Enabled };
  const preferred: ServedVersions = defaultVersion === '1' ? ['v1', 'v2'] : ['v2', 'v1'];
  return preferred.filter((version) => isOn[version]);
}
