/** One of the addresses of a registry. */
export interface RegistryEndpoint {
  readonly origin: string;
  /** In front of each path: empty, or from a slash up to no slash. */
  readonly pathPrefix: string;
  /** The header that user and password in the URL make. */
  readonly authorization: string | undefined;
}

/** @returns the `Authorization` header of HTTP's basic authentication, in UTF-8 (RFC 7617) */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/**
 * @param text `http[s]://[user:password@]host[:port][/path]`
 * @throws Error that does not repeat the text, for a password may stand in it
 */
export function parseEndpoint(text: string): RegistryEndpoint {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Error('The URL of a schema registry is no http:// or https:// URL');
  }
  if (url.search !== '' || url.hash !== '') throw new Error('The URL of a schema registry has a query or a fragment');
  const { username, password } = url;
  return {
    origin: url.origin,
    pathPrefix: url.pathname.replace(/\/+$/, ''),
    authorization:
      username === '' && password === '' ? undefined : basicAuthorization(decoded(username), decoded(password)),
  };
}

/** Whether `parseEndpoint` takes it. */
export function isRegistryUrl(text: string): boolean {
  try {
    parseEndpoint(text);
    return true;
  } catch {
    return false;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A per cent sign that was meant as such.
    return part;
  }
}

/**
 * @returns one segment of a path, or undefined for what can't be one: who reads the path would take dots as its own
 */
export function pathSegment(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return undefined;
  // Through bytes: a lone surrogate becomes U+FFFD in place of an error.
  return encodeURIComponent(Buffer.from(name).toString());
}
