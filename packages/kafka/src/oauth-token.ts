/** A bearer token and when it ends. */
export interface BearerToken {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

export interface TokenSourceOptions {
  /** Gets a new token; must end when the signal says so. */
  readonly issue: (signal: AbortSignal) => Promise<BearerToken>;
  /** Longest wait for a token. */
  readonly timeoutMs: number;
  /** Wall clock in ms since 1970. */
  readonly now?: () => number;
}

/** A token is renewed when this share of its life is over, as Java's `sasl.login.refresh.window.factor` has it. */
const REFRESH_SHARE = 0.8;
const RETRY_MS = 5000;
const TIMER_MAX_MS = 2_147_483_647;
const ANSWER_BYTES_MAX = 65_536;
/** For an end point that does not say how long its token lives. */
const UNKNOWN_LIFE_MS = 300_000;

/** Tokens for SASL OAUTHBEARER: keeps one, renews it before it ends, and asks once however many want it. */
export class TokenSource {
  readonly #options: Required<TokenSourceOptions>;
  #current: { readonly token: BearerToken; readonly refreshAtMs: number } | undefined;
  #pending: Promise<BearerToken> | undefined;

  constructor(options: TokenSourceOptions) {
    this.#options = { now: Date.now, ...options };
  }

  /**
   * A token that is good now: the one in hand, or a new one. When a new one cannot be had, the one in hand until it ends.
   *
   * @throws Error of the issuer, when there is none in hand.
   */
  async token(): Promise<BearerToken> {
    const current = this.#current;
    const nowMs = this.#options.now();
    if (current !== undefined && nowMs < current.refreshAtMs) return current.token;
    try {
      this.#pending ??= this.#renew();
      return await this.#pending;
    } catch (error) {
      if (current !== undefined && this.#options.now() < current.token.expiresAtMs) return current.token;
      throw error;
    }
  }

  /** When the token in hand wants renewing, in ms from now; 0 when there is none. */
  get refreshInMs(): number {
    return this.#current === undefined ? 0 : Math.max(0, this.#current.refreshAtMs - this.#options.now());
  }

  async #renew(): Promise<BearerToken> {
    try {
      const token = await this.#options.issue(AbortSignal.timeout(this.#options.timeoutMs));
      const nowMs = this.#options.now();
      this.#current = { token, refreshAtMs: nowMs + (token.expiresAtMs - nowMs) * REFRESH_SHARE };
      return token;
    } finally {
      this.#pending = undefined;
    }
  }
}

/**
 * Gives a client its tokens: the first before this resolves, every later one before the last ends. librdkafka sends
 * whatever token it was given last, for ever, so a client that outlives its token needs this.
 *
 * @returns a function that stops it; call it when the client is closed.
 * @throws Error when the first token cannot be had.
 */
export async function followTokens(
  source: TokenSource,
  apply: (token: string) => void,
  onError: (error: unknown) => void,
): Promise<() => void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const schedule = (delayMs: number): void => {
    if (stopped) return;
    timer = setTimeout(() => void refresh(), Math.min(delayMs, TIMER_MAX_MS));
    timer.unref();
  };
  const refresh = async (): Promise<void> => {
    try {
      const token = await source.token();
      if (!stopped) apply(token.value);
    } catch (error) {
      onError(error);
    }
    schedule(Math.max(source.refreshInMs, RETRY_MS));
  };
  apply((await source.token()).value);
  schedule(Math.max(source.refreshInMs, RETRY_MS));
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** A token from the configuration. It is never renewed: what it says about its end is the broker's to judge. */
export function staticTokens(value: string): TokenSource {
  return new TokenSource({
    issue: async () => await Promise.resolve({ value, expiresAtMs: Number.MAX_SAFE_INTEGER }),
    timeoutMs: 1000,
  });
}

export interface UnsecuredClaims {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly lifeMs: number;
}

/** Unsigned tokens that the client makes itself, as Java's default OAUTHBEARER login does: for development only. Source: KIP-255. */
export function unsecuredTokens({ claims, lifeMs }: UnsecuredClaims, now: () => number = Date.now): TokenSource {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const issue = async (): Promise<BearerToken> => {
    const issuedAtMs = now();
    const times = { iat: issuedAtMs / 1000, exp: (issuedAtMs + lifeMs) / 1000 };
    const value = `${part({ alg: 'none' })}.${part({ ...claims, ...times })}.`;
    return await Promise.resolve({ value, expiresAtMs: issuedAtMs + lifeMs });
  };
  return new TokenSource({ issue, timeoutMs: 1000, now });
}

export interface ClientCredentials {
  readonly endpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string | undefined;
  readonly timeoutMs: number;
  readonly now?: () => number;
}

/** Tokens from an OAuth 2.0 token end point by the client credentials grant. Source: RFC 6749 section 4.4, KIP-768. */
export function clientCredentialsTokens(credentials: ClientCredentials): TokenSource {
  const { endpoint, clientId, clientSecret, scope, timeoutMs, now = Date.now } = credentials;
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) });
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const issue = async (signal: AbortSignal): Promise<BearerToken> => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, accept: 'application/json' },
      body: form,
      // A redirect would carry the secret to wherever it points.
      redirect: 'error',
      signal,
    });
    const body = await readBounded(response);
    if (!response.ok) throw new Error(`the token end point answered with status ${response.status}`);
    return readToken(body, now());
  };
  return new TokenSource({ issue, timeoutMs, now });
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX)
      throw new Error(`the token end point answered with more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readToken(body: string, nowMs: number): BearerToken {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    // The text is not repeated: whatever it is, it may hold a token.
    throw new Error('the token end point answered with something that is not JSON');
  }
  const fields = typeof answer === 'object' && answer !== null ? new Map(Object.entries(answer)) : new Map();
  const value: unknown = fields.get('access_token') ?? fields.get('id_token');
  if (typeof value !== 'string' || value === '')
    throw new Error('the token end point answered without an access_token');
  const seconds = Number(fields.get('expires_in'));
  return { value, expiresAtMs: nowMs + (seconds > 0 ? seconds * 1000 : UNKNOWN_LIFE_MS) };
}
