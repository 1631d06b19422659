import { randomBytes } from 'node:crypto';
import { Admin } from '@platformatic/kafka';
import { eventually } from './conditions.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const LEADER_DEADLINE_MS = 10_000;

interface TopicOptions {
  /** The start of the topic's name. */
  readonly prefix?: string;
  /** Its end. */
  readonly suffix?: string;
  readonly partitions?: number;
  /** Topic-level settings, for instance `cleanup.policy`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A name that no other test, run or machine uses: the shared broker is never emptied. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

/** Runs `work` with an admin client that is closed afterwards. */
export async function withAdmin<Result>(bootstrap: string, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = new Admin({
    clientId: 'sluice-test-harness',
    bootstrapBrokers: [bootstrap],
    timeout: REQUEST_TIMEOUT_MS,
    connectTimeout: REQUEST_TIMEOUT_MS,
    retries: 1,
  });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** Creates a topic of a unique name and waits until each partition has a leader; returns the name. */
export async function createTopic(bootstrap: string, options: TopicOptions = {}): Promise<string> {
  const name = uniqueName(options.prefix ?? 'topic') + (options.suffix ?? '');
  const partitions = options.partitions ?? 1;
  const configs = Object.entries(options.settings ?? {}).map(([key, value]) => ({ name: key, value }));
  await withAdmin(bootstrap, async (admin) => {
    await admin.createTopics({ topics: [name], partitions, replicas: 1, configs });
    // The controller has created it; the broker's own view follows a moment later.
    await eventually(
      async () => {
        const metadata = await admin.metadata({ topics: [name], forceUpdate: true });
        const known = metadata.topics.get(name)?.partitions ?? [];
        return known.length === partitions && known.every((partition) => partition.leader >= 0);
      },
      { deadlineMs: LEADER_DEADLINE_MS, describe: `leaders of topic ${name}` },
    );
  });
  return name;
}
