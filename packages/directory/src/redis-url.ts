/** Where Redis is, as `sluice.redis.url` says it. */
export interface RedisAddress {
  readonly kind: 'standalone' | 'sentinel' | 'cluster';
  /** Of the server, the sentinels, or some nodes of the cluster. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Database number; 0 in a cluster. */
  readonly database: number;
  /** The name that sentinels know the primary by. */
  readonly primary: string | undefined;
}

const SCHEMES: Readonly<Record<string, Pick<RedisAddress, 'kind' | 'tls'>>> = {
  redis: { kind: 'standalone', tls: false },
  rediss: { kind: 'standalone', tls: true },
  'redis-sentinel': { kind: 'sentinel', tls: false },
  'rediss-sentinel': { kind: 'sentinel', tls: true },
  'redis-cluster': { kind: 'cluster', tls: false },
  'rediss-cluster': { kind: 'cluster', tls: true },
};
const DEFAULT_PORTS = { standalone: 6379, sentinel: 26_379, cluster: 6379 } as const;
const DATABASE_MAX = 1_000_000;
const PORT_MAX = 65_535;

const URL_PARTS = /^([a-z-]+):\/\/(?:([^@/]*)@)?([^/?#]+)(?:\/([^?#]*))?$/;
const HOST_PARTS = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/;
const EXAMPLES =
  'redis://[user:password@]host:6379[/database], redis-sentinel://[user:password@]host,host:26379/primary[/database] ' +
  'or redis-cluster://[user:password@]host,host:6379; rediss instead of redis for TLS';

/** @throws RangeError that says what is allowed, and never repeats the URL: it may hold a password */
export function parseRedisUrl(text: string): RedisAddress {
  const [, scheme = '', credentials, hosts = '', path = ''] = URL_PARTS.exec(text.trim()) ?? [];
  const form = SCHEMES[scheme];
  if (form === undefined) throw new RangeError(`allowed is ${EXAMPLES}`);
  const { kind } = form;
  const segments = path === '' ? [] : path.split('/');
  const primary = kind === 'sentinel' ? decoded(segments.shift() ?? '', 'the name of the primary') : undefined;
  if (primary === '')
    throw new RangeError('a redis-sentinel URL names the primary: redis-sentinel://host:26379/primary');
  return {
    ...form,
    ...parseCredentials(credentials),
    hosts: hosts.split(',').map((host) => parseHost(host, DEFAULT_PORTS[kind])),
    database: parseDatabase(segments, kind),
    primary,
  };
}

function parseCredentials(text: string | undefined): Pick<RedisAddress, 'username' | 'password'> {
  if (text === undefined) return { username: undefined, password: undefined };
  const colon = text.indexOf(':');
  const username = decoded(colon === -1 ? text : text.slice(0, colon), 'the user name');
  const password = colon === -1 ? undefined : decoded(text.slice(colon + 1), 'the password');
  return { username: username === '' ? undefined : username, password };
}

function parseHost(text: string, defaultPort: number): { host: string; port: number } {
  const [, v6, name, digits] = HOST_PARTS.exec(text) ?? [];
  const host = v6 ?? name;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === undefined || port === 0 || port > PORT_MAX) throw new RangeError('each host is HOST or HOST:PORT');
  return { host, port };
}

function parseDatabase(segments: readonly string[], kind: RedisAddress['kind']): number {
  const [first, ...more] = segments;
  if (first === undefined || (first === '' && more.length === 0)) return 0;
  const database = /^\d{1,7}$/.test(first) ? Number(first) : Number.NaN;
  if (more.length > 0 || !(database <= DATABASE_MAX)) throw new RangeError('the database is a number');
  if (kind === 'cluster' && database !== 0) throw new RangeError('a Redis cluster has only database 0');
  return database;
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RangeError(`${what} is percent-encoded UTF-8`);
  }
}
