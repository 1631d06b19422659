import { BlockList, isIP } from 'node:net';

/** Addresses and networks (ADDRESS/BITS). @returns undefined when one of them is neither */
export function networksOf(entries: readonly string[]): BlockList | undefined {
  const networks = new BlockList();
  return entries.every((entry) => addNetwork(networks, entry)) ? networks : undefined;
}

function addNetwork(networks: BlockList, entry: string): boolean {
  const [address = '', bits, ...more] = entry.split('/');
  if (isIP(address) === 0 || more.length > 0) return false;
  const [family, bitsMax] = isIP(address) === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const);
  if (bits === undefined) {
    networks.addAddress(address, family);
    return true;
  }
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > bitsMax) return false;
  networks.addSubnet(address, Number(bits), family);
  return true;
}
