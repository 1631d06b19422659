import { describe, expect, it } from 'vitest';
import { parseClusterOptions } from './cluster-options.ts';
import { UsageError } from './options.ts';

const parse = (...commandLine: string[]) => parseClusterOptions(commandLine, ['hop', 'drain']);

describe('the command line of the cluster bench', () => {
  it('measures all with the lease that is the default, or some of it', () => {
    expect(parse()).toMatchObject({ scenarios: undefined, effort: { rounds: 3, leaseMs: 10_000 } });
    expect(parse('--scenario', 'hop,drain', '--json', 'file')).toMatchObject({
      scenarios: ['hop', 'drain'],
      jsonFile: 'file',
    });
  });

  it('takes a short lease with --quick, and lets a number win over it', () => {
    expect(parse('--quick', '--repeat', '4').effort).toMatchObject({ leaseMs: 2000, rounds: 4, seconds: 2 });
  });

  it.each([[['--scenario', 'other']], [['--repeat', '0']], [['--url', 'a=http://h:2']]])(
    'refuses %j',
    (commandLine) => {
      expect(() => parse(...commandLine)).toThrow(UsageError);
    },
  );
});
