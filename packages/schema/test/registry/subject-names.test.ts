import { describe, expect, test } from 'vitest';
import { namelessText, subjectName, subjectNameStrategy } from '../../src/registry/subject-names.ts';

const PACKAGE = 'io.confluent.kafka.serializers.subject';
const VALUE = { topic: 't', isKey: false };
const KEY = { topic: 't', isKey: true };

describe('a strategy', () => {
  test.each([
    [`${PACKAGE}.TopicNameStrategy`, 'TOPIC_NAME'],
    [`${PACKAGE}.RecordNameStrategy`, 'RECORD_NAME'],
    [`${PACKAGE}.TopicRecordNameStrategy`, 'TOPIC_RECORD_NAME'],
    ['TOPIC_NAME', 'TOPIC_NAME'],
    ['RECORD_NAME', 'RECORD_NAME'],
    ['TOPIC_RECORD_NAME', 'TOPIC_RECORD_NAME'],
  ])('%s is known', (name, strategy) => {
    expect(subjectNameStrategy(name)).toBe(strategy);
  });

  test.each(['', 'topic_name', 'constructor', 'com.example.Mine'])('%j is not', (name) => {
    expect(subjectNameStrategy(name)).toBeUndefined();
  });
});

describe('the subject', () => {
  test('of a topic is that of its side', () => {
    expect(subjectName('TOPIC_NAME', VALUE, undefined)).toBe('t-value');
    expect(subjectName('TOPIC_NAME', KEY, 'x.R')).toBe('t-key');
  });

  test('of a record is its full name, with the topic or without, whatever side it is', () => {
    expect(subjectName('RECORD_NAME', KEY, 'x.R')).toBe('x.R');
    expect(subjectName('TOPIC_RECORD_NAME', VALUE, 'x.R')).toBe('t-x.R');
  });

  test('of a record without a name is none', () => {
    expect(subjectName('RECORD_NAME', VALUE, undefined)).toBeUndefined();
    expect(subjectName('TOPIC_RECORD_NAME', VALUE, undefined)).toBeUndefined();
    expect(namelessText('TOPIC_RECORD_NAME', true)).toBe(
      `In configuration key.subject.name.strategy = ${PACKAGE}.TopicRecordNameStrategy, the message key must only be a record schema`,
    );
  });
});
