import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Headers that an answer gets beside its own, whoever gives it; names and values. */
export interface ExtraHeaders {
  /** In place of those of the same name, which are written in lower case here. */
  readonly set: ReadonlyMap<string, readonly [name: string, value: string]>;
  /** Beside them. */
  readonly add: readonly (readonly [name: string, value: string])[];
}

type GivenHeaders = OutgoingHttpHeaders | readonly OutgoingHttpHeader[];

/**
 * Has an answer get headers, whoever writes its head, and however. `setHeader` would not do: what the head then names itself
 * takes the place of it, `Vary` for one, and both are meant.
 */
export function addHeaders(response: ServerResponse, extra: ExtraHeaders): void {
  const writeHead = response.writeHead.bind(response) as (status: number, ...rest: unknown[]) => ServerResponse;
  response.writeHead = (status: number, ...rest: unknown[]): ServerResponse => {
    const last = rest.at(-1);
    const given = typeof last === 'object' && last !== null ? (rest.pop() as GivenHeaders) : undefined;
    return writeHead(status, ...rest.filter((part) => part !== undefined), withExtra(pairsOf(given), extra));
  };
}

function withExtra(own: string[], { set, add }: ExtraHeaders): string[] {
  const headers: string[] = [];
  for (let i = 0; i < own.length; i += 2) {
    const name = own[i] as string;
    if (!set.has(name.toLowerCase())) headers.push(name, own[i + 1] as string);
  }
  for (const pair of set.values()) headers.push(...pair);
  for (const pair of add) headers.push(...pair);
  return headers;
}

function pairsOf(given: GivenHeaders | undefined): string[] {
  if (given === undefined) return [];
  if (Array.isArray(given)) return given.map(String);
  return Object.entries(given as OutgoingHttpHeaders).flatMap(([name, value]) =>
    value === undefined ? [] : Array.isArray(value) ? value.flatMap((one) => [name, one]) : [name, String(value)],
  );
}
