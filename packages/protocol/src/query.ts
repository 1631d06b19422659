import { ApiError } from './errors.ts';
import { parseInt64 } from './integers.ts';

/** Parameters looked at in one query string: the API knows two, and a longer query is noise. */
const QUERY_PARAMETERS_MAX = 64;

/** Form decoding; what is not valid percent-encoding stays as it was sent. */
function decodeForm(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/**
 * The first value of a query parameter.
 * @param query without the question mark
 * @returns the decoded value, empty for a name without one; undefined when it is not among the first 64 parameters
 */
export function queryParameter(query: string, name: string): string | undefined {
  let start = 0;
  for (let seen = 0; start < query.length && seen < QUERY_PARAMETERS_MAX; seen++) {
    let end = query.indexOf('&', start);
    if (end < 0) end = query.length;
    const equals = query.indexOf('=', start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    if (decodeForm(query.slice(start, nameEnd)) === name) return decodeForm(query.slice(nameEnd + 1, end));
    start = end + 1;
  }
  return undefined;
}

/**
 * A 64-bit integer from the query, such as `timeout` or `max_bytes`.
 * @returns its value; undefined when the parameter is absent or empty, which means its default
 * @throws ApiError notFound for anything else: what Confluent's framework answers (contract A.3.11, observed (f))
 */
export function int64Parameter(query: string, name: string): number | undefined {
  const text = query === '' ? undefined : queryParameter(query, name);
  if (text === undefined || text === '') return undefined;
  const value = parseInt64(text);
  if (value === undefined) throw new ApiError('notFound');
  return value;
}
