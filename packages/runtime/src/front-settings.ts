import type { DosFilterConfig, FrontConfig, HeaderRule, RateLimitConfig } from './config.ts';
import { endpointNameProblem } from './front/endpoint-names.ts';
import { parseHeaderRules } from './front/header-rules.ts';
import { networksOf } from './front/networks.ts';
import { choice, flag, type Group, integer, milliseconds, type Setting, setting, splitList, text } from './setting.ts';

const ENDPOINTS_ALLOWED = 'a comma-separated list of names as api.v2.topics.* or api.v2.topics.list';

function endpoints(key: string, description: string): Setting<readonly string[]> {
  return setting<readonly string[]>(
    key,
    { description },
    {
      defaultValue: [],
      defaultText: '',
      allowed: ENDPOINTS_ALLOWED,
      parse: (value) => {
        const names = splitList(value);
        return names.every((name) => endpointNameProblem(name) === undefined) ? names : undefined;
      },
      // A misspelt name on a block list would leave open what somebody believes closed.
      explain: (value) =>
        splitList(value)
          .map(endpointNameProblem)
          .find((problem) => problem !== undefined),
    },
  );
}

function origins(key: string): Setting<readonly string[]> {
  const isAllowed = (origin: string): boolean =>
    origin === '*' ||
    origin === 'null' ||
    /^[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9.:[\]_-]*\*?[A-Za-z0-9.:[\]_-]*$/i.test(origin);
  return setting<readonly string[]>(
    key,
    {
      description:
        'Origins whose web pages may use the API: `*`, or SCHEME://HOST:PORT with at most one `*` each; empty: no CORS.',
    },
    {
      defaultValue: [],
      defaultText: '',
      allowed: '*, or SCHEME://HOST:PORT with at most one *, comma-separated',
      parse: (value) => {
        const entries = splitList(value);
        return entries.every(isAllowed) ? entries : undefined;
      },
    },
  );
}

/** What goes into a header of its own must not be able to end it. */
function tokens(key: string, description: string, defaultValue: readonly string[] = []): Setting<readonly string[]> {
  return setting<readonly string[]>(
    key,
    { description },
    {
      defaultValue,
      defaultText: defaultValue.join(','),
      allowed: 'a comma-separated list',
      parse: (value) => {
        const entries = splitList(value);
        if (!entries.every((entry) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(entry))) return undefined;
        return entries.length === 0 ? defaultValue : entries;
      },
    },
  );
}

/** Source: contract A.2, D.1, D.3. */
export const front: Group<FrontConfig> = {
  requestLoggerName: text('request.logger.name', {
    description: 'Name under which each request is logged, without its content; empty: requests are not logged.',
  }),
  allowOrigins: origins('access.control.allow.origin'),
  allowMethods: tokens('access.control.allow.methods', 'Methods that web pages of other origins may use.', [
    'GET',
    'POST',
    'HEAD',
  ]),
  allowHeaders: tokens('access.control.allow.headers', 'Headers that their requests may have.', [
    'X-Requested-With',
    'Content-Type',
    'Accept',
    'Origin',
  ]),
  exposeHeaders: tokens('access.control.expose.headers', 'Headers of answers that they may see.'),
  rejectOptions: flag('reject.options.request', {
    description: 'OPTIONS requests are answered with 403, those of browsers before a request of another origin, too.',
    defaultValue: false,
  }),
  nosniff: flag('nosniff.prevention.enable', {
    description: 'Answers have `X-Content-Type-Options: nosniff`.',
    defaultValue: false,
  }),
  hsts: flag('hsts.header.enable', {
    description: 'Answers of listeners of https have `Strict-Transport-Security: max-age=31536000`.',
    defaultValue: false,
  }),
  responseHeaders: setting<readonly HeaderRule[]>(
    'response.http.headers.config',
    { description: 'Headers of answers: ACTION NAME:VALUE, comma-separated; ACTION is set, add, setDate or addDate.' },
    {
      defaultValue: [],
      defaultText: '',
      allowed:
        'ACTION NAME:VALUE, comma-separated, in double quotes where it holds a comma; no header that frames an answer',
      parse: parseHeaderRules,
    },
  ),
  v1Enabled: flag('api.v1.enable', { description: 'Whether the v1 API is served (404).', defaultValue: true }),
  v2Enabled: flag('api.v2.enable', { description: 'Whether the v2 API is served (404).', defaultValue: true }),
  defaultVersion: choice('sluice.api.default.version', {
    description: 'The version of a request whose media types do not tell: 2, or 1 as it was up to 5.5.',
    defaultValue: '2',
    values: ['1', '2'],
  }),
  endpointAllowlist: endpoints('api.endpoints.allowlist', 'Endpoints that are served, by name; empty: all.'),
  endpointBlocklist: endpoints(
    'api.endpoints.blocklist',
    'Endpoints that are not served: 404 for GET, else 405. One of v2 means the same in v1, too.',
  ),
};

const COSTS_ALLOWED = 'NAME=PERMITS, comma-separated, where NAME is that of an endpoint';

function parseCosts(value: string): ReadonlyMap<string, number> | undefined {
  const costs = new Map<string, number>();
  for (const entry of splitList(value)) {
    const [, name, cost] = /^(\S+?)\s*=\s*(\d{1,9})$/.exec(entry) ?? [];
    if (name === undefined || endpointNameProblem(name) !== undefined) return undefined;
    costs.set(name, Number(cost));
  }
  return costs;
}

export const rateLimit: Group<RateLimitConfig> = {
  enabled: flag('rate.limit.enable', {
    description: 'Requests of this process are limited to so many a second, beyond which the answer is 429.',
    defaultValue: false,
  }),
  permitsPerSec: integer('rate.limit.permits.per.sec', {
    description: 'How many that are.',
    defaultValue: 50,
    min: 1,
    max: 1_000_000_000,
  }),
  timeoutMs: milliseconds('rate.limit.timeout.ms', {
    description: 'How long a request waits for its permits.',
    defaultValue: 0,
    min: 0,
  }),
  defaultCost: integer('rate.limit.default.cost', {
    description: 'Permits that a request takes.',
    defaultValue: 1,
    min: 0,
    max: 1_000_000_000,
  }),
  costs: setting<ReadonlyMap<string, number>>(
    'rate.limit.costs',
    {
      description:
        'Those of some endpoints, NAME=PERMITS; 0: none. A name with `.*` is for all of that kind, and one of v2 for the same in v1, unless that has its own.',
    },
    { defaultValue: new Map(), defaultText: '', allowed: COSTS_ALLOWED, parse: parseCosts },
  ),
};

const requestsPerSec = (key: string, description: string): Setting<number> =>
  integer(key, { description, defaultValue: 25, min: 1, max: 1_000_000_000 });

export const dosFilter: Group<DosFilterConfig> = {
  enabled: flag('dos.filter.enabled', {
    description: 'Requests beyond the next two rates are slowed down, and refused with 429.',
    defaultValue: false,
  }),
  maxRequestsPerSec: requestsPerSec('dos.filter.max.requests.per.sec', 'Requests a second of all clients together.'),
  maxRequestsPerClientPerSec: requestsPerSec(
    'dos.filter.max.requests.per.connection.per.sec',
    'Requests a second of one address.',
  ),
  delayMs: integer('dos.filter.delay.ms', {
    description: 'How long a request beyond a rate waits first; 0: not at all; -1: it is refused.',
    defaultValue: 100,
    min: -1,
    max: 60_000,
  }),
  maxWaitMs: milliseconds('dos.filter.max.wait.ms', {
    description: 'How long it waits then until fewer than `dos.filter.throttled.requests` are served, and',
    defaultValue: 50,
    min: 0,
  }),
  throttleMs: milliseconds('dos.filter.throttle.ms', {
    description: 'how much longer; then it is refused.',
    defaultValue: 30_000,
    min: 0,
  }),
  throttledRequests: integer('dos.filter.throttled.requests', {
    description: 'Requests beyond a rate that are served at once.',
    defaultValue: 5,
    min: 1,
    max: 1_000_000,
  }),
  insertHeaders: flag('dos.filter.insert.headers', {
    description: 'Answers to requests beyond a rate say in the header `DoSFilter` what was done with them.',
    defaultValue: true,
  }),
  ipWhitelist: setting<readonly string[]>(
    'dos.filter.ip.whitelist',
    { description: 'Addresses and networks (ADDRESS/BITS) that are not counted.' },
    {
      defaultValue: [],
      defaultText: '',
      allowed: 'addresses and networks, comma-separated',
      parse: (value) => {
        const entries = splitList(value);
        return networksOf(entries) === undefined ? undefined : entries;
      },
    },
  ),
};
