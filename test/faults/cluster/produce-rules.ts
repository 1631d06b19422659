import { at, type Evidence, groupBy, placeOf, type Violation } from './evidence.ts';
import { type ProduceCall, refused } from './history.ts';

function producesOf(evidence: Evidence): ProduceCall[] {
  return evidence.entries.filter((entry) => entry.operation === 'produce');
}

/** Every acknowledged record stands where the acknowledgement says. */
export function acknowledgedMissing(evidence: Evidence): Violation[] {
  const stored = storedValues(evidence);
  return producesOf(evidence).flatMap((call) =>
    call.acknowledged.flatMap((record): Violation[] => {
      const value = stored.get(placeOf(record));
      if (value === record.value) return [];
      const instead = value === undefined ? 'nothing' : value;
      const what = `${record.value}, acknowledged at ${at(call.endedAt)} as ${placeOf(record)}: there stands ${instead}`;
      return [{ rule: 'acknowledged-missing', what }];
    }),
  );
}

/** Place → the value in the final log. */
function storedValues(evidence: Evidence): Map<string, string> {
  const stored = new Map<string, string>();
  for (const [topic, log] of evidence.logs) {
    for (const { partition, offset, value } of log) stored.set(placeOf({ topic, partition, offset }), value);
  }
  return stored;
}

/** No record stands in a log more often than it was sent, attempts that were refused aside; none that nobody sent. */
export function producedTwice(evidence: Evidence): Violation[] {
  const sent = producesOf(evidence).flatMap((call) =>
    call.sent.map(({ partition, value }) => ({ key: `${call.topic}/${partition} ${value}`, refused: refused(call) })),
  );
  const attempts = groupBy(sent, ({ key }) => key);
  const stored = [...evidence.logs].flatMap(([topic, log]) =>
    log.map((record) => ({ key: `${topic}/${record.partition} ${record.value}`, record })),
  );
  return [...groupBy(stored, ({ key }) => key)].flatMap(([key, copies]): Violation[] => {
    const tries = attempts.get(key);
    const offsets = copies.map(({ record }) => record.offset).join(', ');
    if (tries === undefined) return [{ rule: 'invented-record', what: `${key} at ${offsets}: nobody sent it` }];
    const allowed = tries.filter((attempt) => !attempt.refused).length;
    if (copies.length <= allowed) return [];
    return [{ rule: 'produced-twice', what: `${key} stands at ${offsets}, and was sent ${allowed} times` }];
  });
}

/** What a client reads stands in the log of its group's topic. */
export function inventedRecords(evidence: Evidence): Violation[] {
  const stored = storedValues(evidence);
  const topics = new Map(evidence.groups.map(({ group, topic }) => [group, topic]));
  const reads = evidence.entries.filter((entry) => entry.operation === 'read');
  return reads.flatMap((read) =>
    read.records
      .filter((record) => record.topic !== topics.get(read.group) || stored.get(placeOf(record)) !== record.value)
      .map(({ value, ...place }): Violation => {
        const found = stored.get(placeOf(place)) ?? 'nothing';
        const what = `${read.client} read ${value} as ${placeOf(place)} at ${at(read.endedAt)}: there stands ${found}`;
        return { rule: 'invented-record', what };
      }),
  );
}
