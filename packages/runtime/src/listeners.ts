import type { ApiListener, ListenAddress } from './config.ts';

const addressForm = /^([A-Za-z][A-Za-z0-9_.+-]*):\/\/(\[[0-9A-Fa-f:.%]+\]|[^\s:/[\]@?#]*):(\d{1,5})\/?$/;

interface NamedAddress {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `http://HOST:PORT`, or https where that is among the schemes. No host means all interfaces, as in Java; IPv6 addresses stand in brackets.
 *
 * @returns undefined when the text is not such an address.
 */
export function parseListenAddress(
  text: string,
  schemes: readonly ListenAddress['scheme'][],
): ListenAddress | undefined {
  const address = parseNamedAddress(text);
  const scheme = schemes.find((allowed) => allowed === address?.name);
  if (address === undefined || scheme === undefined) return undefined;
  return { scheme, host: address.host, port: address.port };
}

/** What `listeners` says, and what is wrong with it. */
export interface ParsedListeners {
  readonly addresses: readonly (ListenAddress & Pick<ApiListener, 'name'>)[];
  readonly problems: readonly string[];
}

/**
 * Reads `listeners`: NAME://HOST:PORT entries whose name is http, https, or one that `listener.protocol.map` maps to one
 * of them. Source: contract D.3.
 */
export function parseListeners(entries: readonly string[], protocolMap: ReadonlyMap<string, string>): ParsedListeners {
  const addresses: ParsedListeners['addresses'][number][] = [];
  const problems: string[] = [];
  const names = new Set<string>();
  for (const entry of entries) {
    const address = parseNamedAddress(entry);
    const scheme = address === undefined ? undefined : (protocolMap.get(address.name) ?? address.name);
    if (address === undefined) {
      problems.push(`listeners: '${entry}' is not allowed; allowed is http(s)://HOST:PORT, comma-separated`);
    } else if (scheme !== 'http' && scheme !== 'https') {
      problems.push(
        `listeners: '${entry}' has the name ${address.name}, which listener.protocol.map does not map to http or https`,
      );
    } else if (protocolMap.has(address.name) && names.has(address.name)) {
      problems.push(`listeners: the name ${address.name} stands there twice`);
    } else {
      addresses.push({ name: address.name, scheme, host: address.host, port: address.port });
    }
    if (address !== undefined) names.add(address.name);
  }
  return { addresses, problems };
}

/** Reads `listener.protocol.map`: NAME:http or NAME:https entries. Names are compared without regard to case, as in Java. */
export function parseProtocolMap(entries: readonly string[]): { map: Map<string, string>; problems: string[] } {
  const map = new Map<string, string>();
  const problems: string[] = [];
  for (const entry of entries) {
    const match = /^([^:\s]+):(https?)$/i.exec(entry);
    if (match?.[1] === undefined || match[2] === undefined) {
      problems.push(
        `listener.protocol.map: '${entry}' is not allowed; allowed is NAME:http or NAME:https, comma-separated`,
      );
    } else {
      map.set(match[1].toLowerCase(), match[2].toLowerCase());
    }
  }
  return { map, problems };
}

/** Reads `advertised.listeners`: base URLs for links, without a trailing slash. */
export function parseAdvertisedListeners(
  entries: readonly string[],
  protocolMap: ReadonlyMap<string, string>,
): { urls: string[]; problems: string[] } {
  const urls: string[] = [];
  const problems: string[] = [];
  for (const entry of entries) {
    const name = /^([A-Za-z][A-Za-z0-9_.+-]*):\/\//.exec(entry)?.[1]?.toLowerCase();
    const scheme = name === undefined ? undefined : (protocolMap.get(name) ?? name);
    const rest = entry.slice((name?.length ?? 0) + '://'.length);
    const url = scheme === 'http' || scheme === 'https' ? `${scheme}://${rest}` : undefined;
    if (url === undefined || !isBaseUrl(url)) {
      problems.push(`advertised.listeners: '${entry}' is not allowed; allowed is http(s)://HOST:PORT, comma-separated`);
    } else {
      urls.push(url.replace(/\/+$/, ''));
    }
  }
  return { urls, problems };
}

/** An address as it is written in a URL. */
export function formatListenAddress(address: ListenAddress): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.scheme}://${host}:${address.port}`;
}

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.hostname !== '' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
}

function parseNamedAddress(text: string): NamedAddress | undefined {
  const match = addressForm.exec(text);
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  const host = match[2].replace(/^\[|\]$/g, '');
  return { name: match[1].toLowerCase(), host: host === '' ? '0.0.0.0' : host, port };
}
