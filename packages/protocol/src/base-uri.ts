/**
 * Where a client finds its consumer instance: the `base_uri` of a create answer.
 * Source: rest-v1-v2 contract A.7, observed (g); RFC 7239 for Forwarded.
 *
 * Scheme and authority each come from the first of these that has them: Forwarded, X-Forwarded-Proto / -Host / -Port,
 * the `advertised.listeners` entry of the scheme, `host.name`, the Host header, the socket. A header that is not a
 * plain scheme, host or port is passed over: the URL goes into another client's requests, so nothing else may enter it.
 */

export interface BaseUriRequest {
  /** Request headers by lower-case name, as Node gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The connection is TLS. */
  readonly encrypted: boolean;
  /** `host:port` that the connection came in on, for a request without a usable Host header (HTTP/1.0). */
  readonly localAuthority: string;
}

export interface BaseUriSettings {
  /** `advertised.listeners`, for example `https://proxy.example:8443`. */
  readonly advertisedListeners: readonly string[];
  /** `host.name`; empty when not set. */
  readonly hostName: string;
  /** The port of our listener of a scheme, which goes with `host.name`. */
  readonly listenerPort: number;
  /** Strimzi's: X-Forwarded-Path is the path that the client asked, `…/consumers/GROUP`, and wins over X-Forwarded-Prefix. */
  readonly followsForwardedPath?: boolean;
}

type Scheme = 'http' | 'https';

interface Authority {
  readonly host: string;
  readonly port: number | undefined;
}

/** A DNS name has 253 characters at most; what is longer is no host. */
const HEADER_CHARS_MAX = 300;
const REGISTERED_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?$/;
const IPV6 = /^\[[0-9A-Fa-f:.]{2,45}\]$/;
const BARE_IPV6 = /^[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/;
const PREFIX = /^(?:\/(?!\.{1,2}(?:\/|$))(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+$/;

const defaultPorts: Readonly<Record<Scheme, number>> = { http: 80, https: 443 };

/** The first of a header's comma-separated values: the one that the proxy nearest to the client has set. */
function firstValue(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === 'string' ? header : header?.[0];
  if (text === undefined || text.length > HEADER_CHARS_MAX) return undefined;
  const value = text.split(',', 1)[0]?.trim();
  return value === '' ? undefined : value;
}

function parseScheme(text: string | undefined): Scheme | undefined {
  const scheme = text?.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : undefined;
}

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function parseAuthority(text: string | undefined): Authority | undefined {
  if (text === undefined || text.length > HEADER_CHARS_MAX) return undefined;
  if (BARE_IPV6.test(text)) return parseAuthority(`[${text}]`);
  const colon = text.lastIndexOf(':');
  const hasPort = colon > text.lastIndexOf(']');
  const host = hasPort ? text.slice(0, colon) : text;
  const port = hasPort ? parsePort(text.slice(colon + 1)) : undefined;
  if ((hasPort && port === undefined) || !(REGISTERED_NAME.test(host) || IPV6.test(host))) return undefined;
  // Some names look well and still are no host: `a.0` reads as a broken IPv4 address.
  return URL.canParse(`http://${host}`) ? { host, port } : undefined;
}

/** `proto` and `host` of the first element of a Forwarded header (RFC 7239). */
function parseForwarded(header: string | undefined): { proto: Scheme | undefined; host: Authority | undefined } {
  const pairs = new Map<string, string>();
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    const value = pair.slice(equals + 1).trim();
    const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
    if (!pairs.has(name)) pairs.set(name, isQuoted ? value.slice(1, -1) : value);
  }
  return { proto: parseScheme(pairs.get('proto')), host: parseAuthority(pairs.get('host')) };
}

/** The advertised listener of a scheme; what a listener may look like is checked when the configuration is read. */
function advertisedAuthority(listeners: readonly string[], scheme: Scheme): Authority | undefined {
  const prefix = `${scheme}://`;
  const listener = listeners.find((candidate) => candidate.toLowerCase().startsWith(prefix));
  return parseAuthority(listener?.slice(prefix.length).replace(/\/$/, ''));
}

function configuredAuthority(
  settings: BaseUriSettings,
  scheme: Scheme,
  host: Authority | undefined,
): Authority | undefined {
  const advertised = advertisedAuthority(settings.advertisedListeners, scheme);
  if (advertised !== undefined) return advertised;
  const named = settings.hostName === '' ? undefined : parseAuthority(settings.hostName);
  // Confluent adds a port to host.name only where the request had one (contract A.7).
  return named && { host: named.host, port: host?.port === undefined ? undefined : settings.listenerPort };
}

function authorityOf(request: BaseUriRequest, settings: BaseUriSettings, scheme: Scheme): Authority | undefined {
  const { headers } = request;
  const forwardedHost =
    parseForwarded(firstValue(headers['forwarded'])).host ?? parseAuthority(firstValue(headers['x-forwarded-host']));
  const forwardedPort = parsePort(firstValue(headers['x-forwarded-port']));
  if (forwardedHost !== undefined) return { host: forwardedHost.host, port: forwardedHost.port ?? forwardedPort };
  const host = parseAuthority(firstValue(headers['host']));
  const own = configuredAuthority(settings, scheme, host);
  if (own !== undefined) return own;
  const asked = host ?? parseAuthority(request.localAuthority);
  return asked && { host: asked.host, port: forwardedPort ?? asked.port };
}

function render({ host, port }: Authority, scheme: Scheme, isForwarded: boolean): string {
  // A balancer that says X-Forwarded-Port: 443 means the default port and not that it be written out.
  const isImplied = port === undefined || (isForwarded && port === defaultPorts[scheme]);
  return isImplied ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
}

/**
 * @param instance what the URL shall lead to; its group and name are percent-encoded. Confluent leaves `a b/c` as it
 *   is, which is not a URL and does not lead back to the instance
 * @returns `scheme://host[:port][/prefix]/consumers/GROUP/instances/NAME`
 */
export function baseUri(
  request: BaseUriRequest,
  settings: BaseUriSettings,
  instance: { readonly group: string; readonly name: string },
): string {
  const { headers } = request;
  const scheme =
    parseForwarded(firstValue(headers['forwarded'])).proto ??
    parseScheme(firstValue(headers['x-forwarded-proto'])) ??
    (request.encrypted ? 'https' : 'http');
  const authority = authorityOf(request, settings, scheme) ?? { host: 'localhost', port: settings.listenerPort };
  const origin = render(authority, scheme, headers['x-forwarded-port'] !== undefined);
  const name = encodeURIComponent(instance.name);
  const asked = settings.followsForwardedPath === true ? forwardedPath(headers['x-forwarded-path']) : '';
  if (asked !== '') return `${origin}${asked}/instances/${name}`;
  const prefix = forwardedPath(headers['x-forwarded-prefix']);
  return `${origin}${prefix}/consumers/${encodeURIComponent(instance.group)}/instances/${name}`;
}

function forwardedPath(header: string | readonly string[] | undefined): string {
  const path = firstValue(header)?.replace(/\/$/, '') ?? '';
  // As URLs have it, `%2e%2e` is a step up as well: what would not stay as it is leads elsewhere.
  return PREFIX.test(path) && new URL(path, 'http://host').pathname === path ? path : '';
}
