import { describe, expect, it } from 'vitest';
import { parseOptions, UsageError } from './options.ts';

const KNOWN = ['produce-single', 'wakeup'];
const parse = (...commandLine: string[]) => parseOptions(commandLine, KNOWN);

describe('the command line of the bench', () => {
  it('names scenarios with commas or again and again', () => {
    expect(parse('--scenario', 'wakeup,produce-single').scenarios).toEqual(['wakeup', 'produce-single']);
    expect(parse('--scenario', 'wakeup', '--scenario', 'produce-single').scenarios).toHaveLength(2);
    expect(parse().scenarios).toBeUndefined();
  });

  it('lets a number win over what --quick says', () => {
    expect(parse('--quick').effort).toMatchObject({ rounds: 1, seconds: 2 });
    expect(parse('--quick', '--repeat', '4').effort).toMatchObject({ rounds: 4, seconds: 2 });
  });

  it('knows the process of a rival by the name of its URL', () => {
    const options = parse('--bootstrap', 'h:1', '--url', 'a=http://h:2/', '--url', 'b=http://h:3', '--pid', 'b=17');
    expect(options.rivals).toEqual([
      { name: 'a', url: 'http://h:2', pid: undefined },
      { name: 'b', url: 'http://h:3', pid: 17 },
    ]);
  });

  it.each([
    [['--scenario', 'other']],
    [['--repeat', '0']],
    [['--seconds', 'ten']],
    [['--url', 'a=http://h:2']],
    [['--bootstrap', 'h:1', '--url', 'http://h:2']],
    [['--pid', 'a=1']],
    [['--unheard-of']],
  ])('refuses %j', (commandLine) => {
    expect(() => parse(...commandLine)).toThrow(UsageError);
  });
});
