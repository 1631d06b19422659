import { type Admin, KafkaError } from '@sluice/kafka';

/** Whether Kafka said that this principal may not. */
export function isRefusal(error: KafkaError | undefined): boolean {
  return error?.family === 'authorization';
}

/**
 * Asks which topics may not be read. The consumer does not name them, and does not even tell of them while other
 * topics give records.
 * @param told what the consumer said, for reads to report when the cluster cannot be asked
 * @returns what reads have to report; undefined when all may be read, or nobody can tell
 */
export async function refusalToRead(
  admin: Admin,
  topics: readonly string[],
  told?: KafkaError,
): Promise<KafkaError | undefined> {
  if (topics.length === 0) return undefined;
  try {
    await admin.assertReadable([...new Set(topics)]);
    return undefined;
  } catch (error) {
    return error instanceof KafkaError && isRefusal(error) ? error : told;
  }
}
