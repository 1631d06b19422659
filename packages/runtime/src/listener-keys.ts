import type { ApiListener } from './config.ts';
import type { SourcedValue } from './config-sources.ts';
import { LISTENER_PREFIX, listenerTls } from './listener-tls-settings.ts';
import { findUnusedKey } from './unused-keys.ts';

interface Findings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const tlsKeys: ReadonlySet<string> = new Set(Object.values(listenerTls).map(({ key }) => key));
/** Keys that protect something when they hold for all listeners. For one alone they would be without effect. */
const PROTECTING = ['api.endpoints.', 'rate.limit.', 'dos.filter.', 'reject.options.request'];

/** Whether a key is for one listener. */
export function isListenerKey(key: string): boolean {
  return key.startsWith(LISTENER_PREFIX);
}

/** What is wrong with keys about TLS, and with those that are meant for one listener. */
export function checkListenerKeys(
  listeners: readonly ApiListener[],
  values: ReadonlyMap<string, SourcedValue>,
): Findings {
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const [key, { value }] of values) {
    if (!isListenerKey(key)) continue;
    const { listener, rest } = ownerOf(key, listeners);
    if (tlsKeys.has(rest)) {
      if (listener?.tls === undefined)
        warnings.push(`${key} has no effect: there is no listener of https of that name`);
    } else if (protects(rest, value)) {
      problems.push(`${key}: only keys of ssl. can be set for one listener; without its prefix it holds for all`);
    } else {
      warnings.push(`${key} has no effect: only keys of ssl. can be set for one listener`);
    }
  }
  if (!listeners.some(({ tls }) => tls !== undefined)) {
    const found = idleTls(values);
    problems.push(...found.problems);
    warnings.push(...found.warnings);
  }
  return { problems, warnings };
}

/** Names may hold dots, so they are looked for rather than cut out. */
function ownerOf(key: string, listeners: readonly ApiListener[]) {
  const text = key.slice(LISTENER_PREFIX.length);
  const listener = listeners.find(({ name }) => text.startsWith(`${name}.`));
  const rest = listener === undefined ? text.slice(text.indexOf('.') + 1) : text.slice(listener.name.length + 1);
  return { listener, rest };
}

function protects(key: string, value: string): boolean {
  const unused = findUnusedKey(key);
  if (unused?.harmless !== undefined) return !unused.harmless.includes(value.toLowerCase());
  return PROTECTING.some((prefix) => key.startsWith(prefix)) && !['', 'false'].includes(value.toLowerCase());
}

/** Keys of TLS while nobody listens with it. Who asks for certificates of clients must not believe that he gets them. */
function idleTls(values: ReadonlyMap<string, SourcedValue>): Findings {
  const { clientAuth, clientAuthentication } = listenerTls;
  const asks = (key: string, harmless: readonly string[]): boolean =>
    !harmless.includes(values.get(key)?.value.toLowerCase() ?? '');
  const problems = [
    ...(asks(clientAuth.key, ['', 'false']) ? [clientAuth.key] : []),
    ...(asks(clientAuthentication.key, ['', 'none']) ? [clientAuthentication.key] : []),
  ].map((key) => `${key}: asks for certificates of clients, and no listener is one of https`);
  const idle = [...tlsKeys].filter((key) => values.has(key) && values.get(key)?.value !== '');
  if (idle.length === 0 || problems.length > 0) return { problems, warnings: [] };
  return { problems, warnings: [`${idle.join(', ')} without effect: no listener is one of https`] };
}
