import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);

interface Machine {
  readonly interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>;
  readonly hostname: string;
}

/**
 * The host under which other machines reach a listener: the one that was configured, else the listener's own, else (it
 * listens on all interfaces) the first address of the machine that is not loopback, else the machine's name.
 */
export function announcedHost(
  configured: string,
  listenerHost: string,
  machine: Machine = { interfaces: networkInterfaces(), hostname: hostname() },
): string {
  if (configured !== '') return configured.replace(/^\[|\]$/g, '');
  if (!WILDCARDS.has(listenerHost)) return listenerHost;
  const addresses = Object.values(machine.interfaces).flatMap((entries) => entries ?? []);
  const reachable = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return reachable?.address ?? machine.hostname;
}
