import { createHash } from 'node:crypto';
import type { InstanceName } from '@sluice/directory';
import type { Principal } from '@sluice/kafka';
import type { ApiVersion, IsolationLevel } from '@sluice/protocol';
import type { RecordFormats } from '../formats/record-formats.ts';
import type { SessionSettings } from '../sessions/session-settings.ts';

/** Of what is written here at most, with a level of isolation. Nodes read their own version and those before. */
export const RECORD_VERSION = 3;
/** Of instances of v1: nodes of before there were levels of isolation may go on with them. */
const VERSION_OF_V1 = 2;
/** Of instances that are handled as those of before there was a v1: nodes of that time may go on with them. */
const VERSION_BEFORE_V1 = 1;

interface ConfigRecord {
  readonly v: number;
  /** Absent for v2. */
  readonly api?: ApiVersion;
  readonly format: string;
  readonly principal: string;
  readonly reset: SessionSettings['autoOffsetReset'];
  readonly autoCommit: boolean;
  readonly autoCommitIntervalMs: number;
  readonly fetchMinBytes: number;
  readonly requestTimeoutMs: number;
  readonly isolation?: IsolationLevel;
}

/** The oldest that can say it all. */
function versionOf({ api, isolationLevel }: SessionSettings): number {
  if (isolationLevel !== undefined) return RECORD_VERSION;
  return api === 'v1' ? VERSION_OF_V1 : VERSION_BEFORE_V1;
}

/** What an instance was made with, as the directory keeps it. Holds no secret: of the principal only its name. */
export function configText(settings: SessionSettings): string {
  const record: ConfigRecord = {
    v: versionOf(settings),
    ...(settings.api === 'v1' ? { api: settings.api } : {}),
    format: settings.format.name,
    principal: settings.principal.id,
    reset: settings.autoOffsetReset,
    autoCommit: settings.autoCommit,
    autoCommitIntervalMs: settings.autoCommitIntervalMs,
    fetchMinBytes: settings.fetchMinBytes,
    requestTimeoutMs: settings.requestTimeoutMs,
    ...(settings.isolationLevel === undefined ? {} : { isolation: settings.isolationLevel }),
  };
  return JSON.stringify(record);
}

/** What a node has to know to go on with an instance. */
export interface RecordContext {
  readonly cluster: string;
  readonly principalOf: (id: string) => Principal;
  /** Those that the node can read. */
  readonly formats: RecordFormats;
}

/**
 * @returns undefined for a record that a later version wrote, or whose format this node cannot read: another node has to
 * go on with it
 */
export function parseConfigText(name: InstanceName, text: string, context: RecordContext): SessionSettings | undefined {
  const record = JSON.parse(text) as ConfigRecord;
  const format = context.formats.get(record.format);
  if (record.v > RECORD_VERSION || format === undefined) return undefined;
  return {
    ...name,
    api: record.api ?? 'v2',
    principal: context.principalOf(record.principal),
    groupInstanceId: staticMemberId(context.cluster, name.instance),
    format,
    autoOffsetReset: record.reset,
    autoCommit: record.autoCommit,
    autoCommitIntervalMs: record.autoCommitIntervalMs,
    fetchMinBytes: record.fetchMinBytes,
    requestTimeoutMs: record.requestTimeoutMs,
    ...(record.isolation === undefined ? {} : { isolationLevel: record.isolation }),
  };
}

/** What Kafka takes as the id of a group member: the characters and the length of topic names. */
const LEGAL = /^[a-zA-Z0-9._-]+$/;
const READABLE_CHARACTERS_MAX = 200;

function legal(text: string): string {
  // What is not legal is told by its digest; the mark in front keeps the two kinds apart.
  if (LEGAL.test(text) && text.length <= READABLE_CHARACTERS_MAX / 2) return `n-${text}`;
  return `h-${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;
}

/** The name of an instance's static membership: the same wherever it is held, and no other instance's in its group. */
export function staticMemberId(cluster: string, instance: string): string {
  return `sluice.${legal(cluster)}.${legal(instance)}`;
}
