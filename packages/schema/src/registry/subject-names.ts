/** How the subject that a schema is registered under is made (contract E.3, v3 C.5). */
export type SubjectNameStrategy = 'TOPIC_NAME' | 'RECORD_NAME' | 'TOPIC_RECORD_NAME';

const CLASSES: Readonly<Record<SubjectNameStrategy, string>> = {
  TOPIC_NAME: 'io.confluent.kafka.serializers.subject.TopicNameStrategy',
  RECORD_NAME: 'io.confluent.kafka.serializers.subject.RecordNameStrategy',
  TOPIC_RECORD_NAME: 'io.confluent.kafka.serializers.subject.TopicRecordNameStrategy',
};

const BY_NAME: ReadonlyMap<string, SubjectNameStrategy> = new Map(
  Object.entries(CLASSES).flatMap(([strategy, javaClass]) => {
    const found = strategy as SubjectNameStrategy;
    return [strategy, javaClass].map((name): [string, SubjectNameStrategy] => [name, found]);
  }),
);

/** @returns the strategy that a Java class or a v3 request names; undefined for another name */
export function subjectNameStrategy(name: string): SubjectNameStrategy | undefined {
  return BY_NAME.get(name);
}

/** A side of a topic's records. */
export interface TopicSide {
  readonly topic: string;
  readonly isKey: boolean;
}

/**
 * @param recordName of the schema; undefined when it has none, or is not known yet
 * @returns undefined when the strategy needs the name that is missing
 */
export function subjectName(
  strategy: SubjectNameStrategy,
  { topic, isKey }: TopicSide,
  recordName: string | undefined,
): string | undefined {
  if (strategy === 'TOPIC_NAME') return `${topic}-${isKey ? 'key' : 'value'}`;
  if (recordName === undefined) return undefined;
  return strategy === 'RECORD_NAME' ? recordName : `${topic}-${recordName}`;
}

/** Why a schema without a name has no subject, in the words of Confluent's strategies. */
export function namelessText(strategy: SubjectNameStrategy, isKey: boolean): string {
  const side = isKey ? 'key' : 'value';
  return `In configuration ${side}.subject.name.strategy = ${CLASSES[strategy]}, the message ${side} must only be a record schema`;
}
