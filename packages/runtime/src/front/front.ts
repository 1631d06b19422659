import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, type Dialect, plainDialect, type ServedVersions } from '@sluice/protocol';
import type { Config, FrontConfig, RateLimitConfig } from '../config.ts';
import type { Logger } from '../logger.ts';
import type { BoundCounter, Metrics } from '../metrics.ts';
import { logAccess } from './access-log.ts';
import { Cors } from './cors.ts';
import { DosFilter } from './dos-filter.ts';
import { EndpointLists, endpointOf } from './endpoint-lists.ts';
import { addHeaders, type ExtraHeaders } from './extra-headers.ts';
import { answerProbe, type Health, type Probes, probesOf } from './health.ts';
import { RateLimit } from './rate-limit.ts';
import { refuse } from './refuse.ts';
import { servedVersions } from './served-versions.ts';
import { Waits } from './waits.ts';

type Serve = (req: IncomingMessage, res: ServerResponse) => void;
/** Something that happens to requests before they are served: it answers, or has the next one go on. */
type Step = (next: Serve) => Serve;

const LIMITED = 'Request rate limit exceeded: The rate limit of requests per second has been exceeded.';

export interface FrontOptions {
  readonly config: Pick<Config, 'front' | 'rateLimit' | 'dosFilter'>;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Confluent's by default. */
  readonly dialect?: Dialect;
  /** For the probes that some dialects have. */
  readonly health?: Health;
  /** In ms, of a clock that never goes back; that of the process by default. */
  readonly now?: () => number;
}

/**
 * What a configuration wants done with requests of clients before they are served: nothing, unless it says so. It stands
 * where clients come in, be it a node or an edge, and not where nodes do.
 */
export function frontOf(options: FrontOptions, serve: Serve): Serve {
  const { config, metrics, log, dialect = plainDialect, health, now = () => performance.now() } = options;
  const { front, rateLimit, dosFilter } = config;
  const turnedAway = metrics.counter('http_turned_away_total', 'Requests that were not served, by what forbids it.', [
    'by',
  ]);
  const count = (by: string): BoundCounter => turnedAway.bind({ by });
  const waits = new Waits();
  metrics.observedGauge('http_held_back', 'Requests that wait since their clients ask too much.', () => waits.size);
  const lists = new EndpointLists(front, dialect);
  const steps: Step[] = [];
  if (front.requestLoggerName !== '') steps.push(logging(front.requestLoggerName, log));
  if (front.nosniff || front.hsts || front.responseHeaders.length > 0) steps.push(adding(front));
  const open = probesOf(dialect, lists);
  if (health !== undefined && open.size > 0) steps.push(probed({ dialect, open, health }));
  if (front.rejectOptions) steps.push(rejecting(count('reject.options.request')));
  if (front.allowOrigins.length > 0) steps.push(sharing(new Cors(front)));
  if (dosFilter.enabled) {
    steps.push(filtering(new DosFilter(dosFilter, { waits, now }), count('dos.filter')));
  }
  if (!lists.isOpen) steps.push(choosing(lists, count('api.endpoints')));
  if (rateLimit.enabled) {
    const served = servedVersions(front);
    steps.push(limiting(rateLimit, { waits, now, served, dialect }, count('rate.limit')));
  }
  return steps.reduceRight<Serve>((next, step) => step(next), serve);
}

function logging(name: string, log: Logger): Step {
  return (next) => (req, res) => {
    logAccess(req, res, log, name);
    next(req, res);
  };
}

function adding({ nosniff, hsts, responseHeaders }: FrontConfig): Step {
  const valueOf = (action: string, value: string): string =>
    action.endsWith('Date') ? new Date(Date.now() + Number(value)).toUTCString() : value;
  const extra = (encrypted: boolean): ExtraHeaders => {
    const set = new Map<string, readonly [string, string]>();
    const add: (readonly [string, string])[] = [];
    if (nosniff) set.set('x-content-type-options', ['X-Content-Type-Options', 'nosniff']);
    // Over http it means nothing (RFC 6797, 7.2).
    if (hsts && encrypted) set.set('strict-transport-security', ['Strict-Transport-Security', 'max-age=31536000']);
    for (const { action, name, value } of responseHeaders) {
      const pair = [name, valueOf(action, value)] as const;
      if (action.startsWith('set')) set.set(name.toLowerCase(), pair);
      else add.push(pair);
    }
    return { set, add };
  };
  return (next) => (req, res) => {
    addHeaders(res, extra('encrypted' in req.socket));
    next(req, res);
  };
}

/** Before all limits: a busy server is not a dead one. */
function probed(probes: Probes): Step {
  return (next) => (req, res) => {
    if (!answerProbe({ req, res }, probes)) next(req, res);
  };
}

function rejecting(rejected: BoundCounter): Step {
  return (next) => (req, res) => {
    if (req.method !== 'OPTIONS') return next(req, res);
    rejected.inc();
    refuse(req, res, new ApiError('forbidden'), '');
  };
}

function sharing(cors: Cors): Step {
  return (next) => (req, res) => {
    if (!cors.answer(req, res)) next(req, res);
  };
}

function filtering(filter: DosFilter, refused: BoundCounter): Step {
  return (next) => (req, res) =>
    filter.admit(req, res, (outcome) => {
      if (outcome === 'served') return next(req, res);
      refused.inc();
      refuse(req, res, new ApiError('tooManyRequests', { retryAfterSeconds: 1 }), 'application/json');
    });
}

function choosing(lists: EndpointLists, refused: BoundCounter): Step {
  return (next) => (req, res) => {
    const refusal = lists.refusal(req);
    if (refusal === undefined) return next(req, res);
    refused.inc();
    refuse(req, res, refusal, '');
  };
}

interface LimitContext {
  readonly waits: Waits;
  readonly now: () => number;
  readonly served: ServedVersions;
  readonly dialect: Dialect;
}

function limiting(config: RateLimitConfig, { waits, now, served, dialect }: LimitContext, refused: BoundCounter): Step {
  const limit = new RateLimit(config, now());
  return (next) => (req, res) => {
    const endpoint = endpointOf(req, served, dialect);
    if (endpoint === undefined || endpoint === 'disabled') return next(req, res);
    const { granted, waitMs } = limit.take(limit.costOf(endpoint.name), now(), !waits.isFull);
    if (granted && waitMs === 0) return next(req, res);
    if (granted && waits.begin(res, waitMs, () => next(req, res)) !== undefined) return;
    refused.inc();
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    const error = new ApiError('tooManyRequests', { message: LIMITED, retryAfterSeconds });
    refuse(req, res, error, endpoint.responseType);
  };
}
