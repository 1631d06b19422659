import { Option } from 'commander';

/** What nearly every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly set: readonly string[];
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export function setOption(): Option {
  const option = new Option('--set <key=value>', 'set one key; wins over file and environment; may be repeated');
  return option.argParser(collect).default([], 'none');
}

/** Where `sluice dev` listens unless it is told otherwise: with the management listener at its usual place, too. */
export const DEV_PORT = 8082;
