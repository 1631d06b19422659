import type { HeaderRule } from '../config.ts';

/** They say where an answer ends, and who may use its connection. */
const FRAMING = /^(?:content-length|transfer-encoding|connection|keep-alive|upgrade|trailer|te)$/i;
const ENTRY = /^(set|add|setDate|addDate)\s+([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*:\s*([\x20-\x7e]*)$/;
/** An entry in quotes, or up to the next comma. */
const SPLIT = /\s*(?:"([^"]*)"|([^",]*))\s*(?:,|$)/y;

/**
 * Reads `response.http.headers.config`: `set Cache-Control: no-store, "add X-Two: a, b"`.
 *
 * @returns undefined for what is not of that form
 */
export function parseHeaderRules(text: string): readonly HeaderRule[] | undefined {
  const rules: HeaderRule[] = [];
  for (const entry of entriesOf(text)) {
    const [, action, name, value] = ENTRY.exec(entry) ?? [];
    if (action === undefined || name === undefined || value === undefined || FRAMING.test(name)) return undefined;
    if (action.endsWith('Date') && !/^-?\d{1,15}$/.test(value)) return undefined;
    rules.push({ action: action as HeaderRule['action'], name, value: value.trim() });
  }
  return rules;
}

function entriesOf(text: string): string[] {
  const entries: string[] = [];
  SPLIT.lastIndex = 0;
  while (SPLIT.lastIndex < text.length) {
    const match = SPLIT.exec(text);
    // What follows a quote without a comma; no entry has that form.
    if (match === null) return [text.slice(0, 1), '"'];
    const entry = (match[1] ?? match[2] ?? '').trim();
    if (entry !== '') entries.push(entry);
  }
  return entries;
}
