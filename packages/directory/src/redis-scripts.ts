import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Cluster, Redis } from 'ioredis';

export type RedisClient = Redis | Cluster;

export interface Script {
  readonly text: string;
  readonly sha1: string;
}

type ScriptName =
  | 'assert'
  | 'claim'
  | 'create'
  | 'generation'
  | 'lease'
  | 'leave'
  | 'memory'
  | 'read'
  | 'remove'
  | 'undo'
  | 'write';

function script(name: ScriptName): Script {
  const text = readFileSync(new URL(`../lua/${name}.lua`, import.meta.url), 'utf8');
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

/** What is asked and changed in one step. Each file says its keys, arguments and answers. */
export const scripts: Readonly<Record<ScriptName, Script>> = {
  assert: script('assert'),
  claim: script('claim'),
  create: script('create'),
  generation: script('generation'),
  lease: script('lease'),
  leave: script('leave'),
  memory: script('memory'),
  read: script('read'),
  remove: script('remove'),
  undo: script('undo'),
  write: script('write'),
};

/** Runs a script by its digest; a server that does not know it (restarted, failed over) gets its text. */
export async function runScript(
  client: RedisClient,
  { text, sha1 }: Script,
  keys: readonly string[],
  parameters: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha1, keys.length, ...keys, ...parameters);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await client.eval(text, keys.length, ...keys, ...parameters);
  }
}
