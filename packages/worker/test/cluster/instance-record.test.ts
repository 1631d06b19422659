import { servicePrincipal } from '@sluice/kafka';
import { describe, expect, it } from 'vitest';
import { configText, parseConfigText, type RecordContext } from '../../src/cluster/instance-record.ts';
import type { RecordFormat } from '../../src/formats/record-format.ts';
import { recordFormats } from '../../src/formats/record-formats.ts';
import { settingsOf } from './cluster-nodes.ts';

const name = { group: 'g', instance: 'i' };
const context: RecordContext = {
  cluster: 'c',
  principalOf: () => servicePrincipal,
  formats: recordFormats(undefined),
};

describe('the record of an instance', () => {
  it.each(['v1', 'v2'] as const)('tells by which version of the API it was made: %s', (api) => {
    expect(parseConfigText(name, configText({ ...settingsOf('i'), api }), context)?.api).toBe(api);
  });

  it('of before there was a v1 is one of v2, and one of v2 is written as it was then', () => {
    const record = JSON.parse(configText(settingsOf('i'))) as Record<string, unknown>;
    expect(record).toMatchObject({ v: 1 });
    expect(record).not.toHaveProperty('api');
    expect(parseConfigText(name, JSON.stringify(record), context)?.api).toBe('v2');
  });

  it('of v1 is for nodes that know it, and of a later version for none of these', () => {
    const record = JSON.parse(configText({ ...settingsOf('i'), api: 'v1' })) as Record<string, unknown>;
    expect(record).toMatchObject({ v: 2 });
    expect(parseConfigText(name, JSON.stringify({ ...record, v: 4 }), context)).toBeUndefined();
  });

  it('with a level of isolation is for nodes that know it: others would read what is not committed', () => {
    const text = configText({ ...settingsOf('i'), isolationLevel: 'read_committed' });
    expect(JSON.parse(text)).toMatchObject({ v: 3 });
    expect(parseConfigText(name, text, context)?.isolationLevel).toBe('read_committed');
    expect(parseConfigText(name, configText(settingsOf('i')), context)).not.toHaveProperty('isolationLevel');
  });

  it('in a format of a dialect is for nodes that speak it', () => {
    const strimzi = { ...context, formats: recordFormats(undefined, ['text']) };
    const text = configText({ ...settingsOf('i'), format: strimzi.formats.get('text') as RecordFormat });
    expect(parseConfigText(name, text, strimzi)?.format.name).toBe('text');
    expect(parseConfigText(name, text, context)).toBeUndefined();
  });
});
