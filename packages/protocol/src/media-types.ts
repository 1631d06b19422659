/**
 * Media types of the API and how a request's Content-Type and Accept headers choose among them.
 * Source: rest-v1-v2 contract A.1, A.3 and C.1, observed (a).
 */

/** What a record's key and value look like inside a JSON body. */
export type EmbeddedFormat = 'binary' | 'json' | 'avro' | 'jsonschema' | 'protobuf' | 'text';

export const mediaTypes = {
  v2: 'application/vnd.kafka.v2+json',
  binary: 'application/vnd.kafka.binary.v2+json',
  json: 'application/vnd.kafka.json.v2+json',
  avro: 'application/vnd.kafka.avro.v2+json',
  jsonschema: 'application/vnd.kafka.jsonschema.v2+json',
  protobuf: 'application/vnd.kafka.protobuf.v2+json',
} as const;

/** Of v2 in Strimzi's dialect. */
export const textMediaType = 'application/vnd.kafka.text.v2+json';

/** Contract C.1. All but `json` and `avro` mean base64. */
export const v1MediaTypes = {
  v1: 'application/vnd.kafka.v1+json',
  binary: 'application/vnd.kafka.binary.v1+json',
  json: 'application/vnd.kafka.json.v1+json',
  avro: 'application/vnd.kafka.avro.v1+json',
  kafka: 'application/vnd.kafka+json',
  plain: 'application/json',
  octets: 'application/octet-stream',
} as const;

export type MediaType =
  | (typeof mediaTypes)[keyof typeof mediaTypes]
  | (typeof v1MediaTypes)[keyof typeof v1MediaTypes]
  | typeof textMediaType;

const formats: Readonly<Record<MediaType, EmbeddedFormat>> = {
  // The type without a format reads and writes base64: that is what Confluent's binary reader answers to.
  [mediaTypes.v2]: 'binary',
  [mediaTypes.binary]: 'binary',
  [mediaTypes.json]: 'json',
  [mediaTypes.avro]: 'avro',
  [mediaTypes.jsonschema]: 'jsonschema',
  [mediaTypes.protobuf]: 'protobuf',
  [textMediaType]: 'text',
  [v1MediaTypes.v1]: 'binary',
  [v1MediaTypes.binary]: 'binary',
  [v1MediaTypes.json]: 'json',
  [v1MediaTypes.avro]: 'avro',
  [v1MediaTypes.kafka]: 'binary',
  [v1MediaTypes.plain]: 'binary',
  [v1MediaTypes.octets]: 'binary',
};

/** The embedded format that a media type stands for. */
export function embeddedFormatOf(mediaType: MediaType): EmbeddedFormat {
  return formats[mediaType];
}

/** The type under which a version answers records of a format. v1 has types for three of them, and no instances of others. */
export function embeddedTypeOf(api: 'v1' | 'v2', format: EmbeddedFormat): MediaType {
  if (api === 'v1' && (format === 'binary' || format === 'json' || format === 'avro')) return v1MediaTypes[format];
  return format === 'text' ? textMediaType : mediaTypes[format];
}

/** A type that a route can answer with, and how much the server likes it (0 to 1). */
export interface OfferedType {
  readonly mediaType: MediaType;
  readonly qs: number;
  /** It says no more than a wildcard does: `application/json` names no format of records. */
  readonly unspecified?: boolean;
}

/** One entry of an Accept header, in lower case; `text` is the entry as it was sent. */
export interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  readonly q: number;
  readonly text: string;
}

/** `accepted.mediaType` without a Content-Type header is the first type of the route's list: its default. */
export type RequestNegotiation =
  | { readonly kind: 'accepted'; readonly mediaType: MediaType; readonly format: EmbeddedFormat }
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'malformed' };

/**
 * `unspecified` says that the client named no type of ours: no Accept, or only a wildcard led to the choice.
 * A read then answers in the format of its consumer instance and not in `mediaType`.
 */
export type ResponseNegotiation =
  | {
      readonly kind: 'accepted';
      readonly mediaType: MediaType;
      readonly format: EmbeddedFormat;
      readonly unspecified: boolean;
    }
  | { readonly kind: 'notAcceptable' }
  | { readonly kind: 'malformed' };

const UNSUPPORTED: RequestNegotiation = { kind: 'unsupported' };
const MALFORMED = { kind: 'malformed' } as const;
const NOT_ACCEPTABLE: ResponseNegotiation = { kind: 'notAcceptable' };

/** RFC 9110 token characters. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const QUALITY = /^(?:[01](?:\.\d*)?|\.\d+)$/;

/**
 * Splits at `separator` outside of quoted strings.
 * Returns undefined when a quoted string does not end.
 */
function splitUnquoted(text: string, separator: string): string[] | undefined {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted && char === '\\') {
      i++;
    } else if (char === '"') {
      quoted = !quoted;
    } else if (char === separator && !quoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return quoted ? undefined : parts;
}

function parseQuality(value: string): number | undefined {
  const quality = QUALITY.test(value) ? Number(value) : Number.NaN;
  return quality <= 1 ? quality : undefined;
}

/** The q of a range's parameters, 1 when there is none, undefined when a parameter is malformed. */
function qualityOf(parameters: readonly string[]): number | undefined {
  let quality: number | undefined = 1;
  for (const parameter of parameters) {
    if (parameter.trim() === '') continue;
    const equals = parameter.indexOf('=');
    const name = parameter.slice(0, equals).trim().toLowerCase();
    if (equals < 0 || !TOKEN.test(name)) return undefined;
    if (name === 'q') quality = parseQuality(parameter.slice(equals + 1).trim());
  }
  return quality;
}

function parseRange(entry: string): MediaRange | undefined {
  const [essence = '', ...parameters] = splitUnquoted(entry, ';') ?? [];
  const q = qualityOf(parameters);
  if (q === undefined) return undefined;
  const text = entry.trim();
  const name = essence.trim().toLowerCase();
  // HttpURLConnection, Java's oldest HTTP client, sends `*; q=.2` on every request and means everything.
  if (name === '*') return { type: '*', subtype: '*', q, text };
  const slash = name.indexOf('/');
  const type = name.slice(0, slash);
  const subtype = name.slice(slash + 1);
  if (slash < 0 || !TOKEN.test(type) || !TOKEN.test(subtype)) return undefined;
  if (type === '*' && subtype !== '*') return undefined;
  return { type, subtype, q, text };
}

/**
 * Parses a Content-Type header value.
 * @returns type and subtype in lower case, parameters dropped; undefined when it is malformed (RFC 9110, 8.3.1).
 */
export function parseContentType(header: string): string | undefined {
  const range = parseRange(header);
  return range === undefined ? undefined : `${range.type}/${range.subtype}`;
}

/**
 * Parses an Accept header value, entries in the order sent.
 * @returns undefined when an entry is malformed (RFC 9110, 12.5.1).
 */
export function parseAccept(header: string): MediaRange[] | undefined {
  const ranges: MediaRange[] = [];
  const entries = splitUnquoted(header, ',');
  if (entries === undefined) return undefined;
  for (const entry of entries) {
    if (entry.trim() === '') continue;
    const range = parseRange(entry);
    if (range === undefined) return undefined;
    ranges.push(range);
  }
  return ranges;
}

function wildcardsIn(range: MediaRange): number {
  if (range.type === '*') return 2;
  return range.subtype === '*' ? 1 : 0;
}

function covers(range: MediaRange, mediaType: string): boolean {
  if (range.type === '*') return true;
  if (range.subtype === '*') return mediaType.startsWith(`${range.type}/`);
  return mediaType === `${range.type}/${range.subtype}`;
}

const acceptedRequest = (mediaType: MediaType): RequestNegotiation => ({
  kind: 'accepted',
  mediaType,
  format: formats[mediaType],
});

function chooseRequestType(consumes: readonly MediaType[], header: string): RequestNegotiation {
  const [preferred] = consumes;
  if (header.trim() === '') return preferred === undefined ? UNSUPPORTED : acceptedRequest(preferred);
  const range = parseRange(header);
  if (range === undefined) return MALFORMED;
  const mediaType = consumes.find((candidate) => covers(range, candidate));
  return mediaType === undefined ? UNSUPPORTED : acceptedRequest(mediaType);
}

interface Candidate {
  readonly offer: OfferedType;
  readonly range: MediaRange;
}

/**
 * Jersey's order: the client's q, then the server's qs, then fewer wildcards, then the order sent. That qs comes before
 * exactness is why `…v2+json, …json.v2+json` on a read means binary (contract A.3.7).
 */
function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.range.q !== b.range.q) return a.range.q > b.range.q;
  if (a.offer.qs !== b.offer.qs) return a.offer.qs > b.offer.qs;
  return wildcardsIn(a.range) < wildcardsIn(b.range);
}

/** RFC 9110: `q=0` excludes, and a more specific range decides over a wildcard that covers the same type. */
function isExcluded(ranges: readonly MediaRange[], mediaType: MediaType): boolean {
  let fewest = Number.POSITIVE_INFINITY;
  let excluded = false;
  for (const range of ranges) {
    const wildcards = wildcardsIn(range);
    if (wildcards > fewest || !covers(range, mediaType)) continue;
    excluded = range.q === 0 || (excluded && wildcards === fewest);
    fewest = wildcards;
  }
  return excluded;
}

const EVERYTHING: MediaRange = { type: '*', subtype: '*', q: 1, text: '*/*' };

function chooseResponseType(produces: readonly OfferedType[], header: string): ResponseNegotiation {
  const parsed = parseAccept(header);
  if (parsed === undefined) return MALFORMED;
  const ranges = parsed.length === 0 ? [EVERYTHING] : parsed;
  // Once an offer, and not once a range: headers may hold thousands of those.
  const offers = produces.filter(({ mediaType }) => !isExcluded(ranges, mediaType));
  let best: Candidate | undefined;
  for (const range of ranges) {
    if (range.q === 0) continue;
    for (const offer of offers) {
      if (!covers(range, offer.mediaType)) continue;
      const candidate = { offer, range };
      if (best === undefined || isBetter(candidate, best)) best = candidate;
    }
  }
  if (best === undefined) return NOT_ACCEPTABLE;
  const { mediaType } = best.offer;
  const unspecified = wildcardsIn(best.range) > 0 || best.offer.unspecified === true;
  return { kind: 'accepted', mediaType, format: formats[mediaType], unspecified };
}

/** Outcomes kept for one list of types. Clients send a handful of different headers; hostile ones send millions. */
const CACHED_HEADERS_MAX = 1000;
const CACHED_HEADER_CHARS_MAX = 256;

/** Makes `choose` cost two map look-ups for the headers that clients really send, within bounded memory. */
function cachedByHeader<List extends object, Outcome>(
  choose: (list: List, header: string) => Outcome,
): (list: List, header: string) => Outcome {
  const caches = new WeakMap<List, Map<string, Outcome>>();
  return (list, header) => {
    let cache = caches.get(list);
    if (cache === undefined) caches.set(list, (cache = new Map()));
    const known = cache.get(header);
    if (known !== undefined) return known;
    const outcome = choose(list, header);
    if (header.length > CACHED_HEADER_CHARS_MAX) return outcome;
    // Starting anew, where stopping would let whoever fills the map first slow everybody down for good.
    if (cache.size >= CACHED_HEADERS_MAX) cache.clear();
    cache.set(header, outcome);
    return outcome;
  };
}

const requestTypeOf = cachedByHeader(chooseRequestType);
const responseTypeOf = cachedByHeader(chooseResponseType);
const ANY_REQUEST = acceptedRequest(mediaTypes.v2);

/**
 * Judges a request's Content-Type. It counts for every method, GET and DELETE included (contract A.3.1).
 * @param route the route's `consumes`: types in order of preference, or `anything`
 * @param header the header's value, undefined when there is none
 */
export function negotiateRequest(
  route: { readonly consumes: readonly MediaType[] | 'anything' },
  header: string | undefined,
): RequestNegotiation {
  return route.consumes === 'anything' ? ANY_REQUEST : requestTypeOf(route.consumes, header ?? '');
}

/**
 * Chooses the type of the answer from the Accept header (contract A.3.5 to A.3.7).
 * @param route the route's `produces`: types with the server's preference
 * @param header the header's value, undefined when there is none
 */
export function negotiateResponse(
  route: { readonly produces: readonly OfferedType[] },
  header: string | undefined,
): ResponseNegotiation {
  return responseTypeOf(route.produces, header ?? '');
}

/**
 * The Content-Type of a 415's own body: the first Accept entry that is, parameters included, in the configured list
 * (contract A.3.10).
 * @param accept the Accept header's value, undefined when there is none
 * @param options `response.mediatype.preferred` and `response.mediatype.default`
 */
export function unsupportedMediaTypeContentType(
  accept: string | undefined,
  options: { readonly preferred: readonly string[]; readonly fallback: string },
): string {
  const ranges = parseAccept(accept ?? '') ?? [];
  return ranges.find((range) => options.preferred.includes(range.text))?.text ?? options.fallback;
}
