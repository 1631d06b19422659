import { describe, expect, it } from 'vitest';
import { type Goal, judge, SLUICE } from './goals.ts';
import type { Figures, Outcome } from './measurement.ts';

function outcome(contenders: Readonly<Record<string, readonly Figures[]>>): Outcome {
  return {
    measurement: 'work',
    contenders: Object.entries(contenders).map(([contender, runs]) => ({ contender, runs })),
  };
}

function goal(changes: Partial<Goal>): Goal {
  return {
    measurement: 'work',
    what: 'something',
    figure: 'cpuPer100kRecords',
    against: { kind: 'absolute' },
    limit: { atMost: 1 },
    show: String,
    ...changes,
  };
}

const costs = (...values: readonly number[]): Figures[] => values.map((cpuPer100kRecords) => ({ cpuPer100kRecords }));

describe('goals', () => {
  it('are met by the median, the limit included', () => {
    const runs = outcome({ [SLUICE]: costs(9, 1, 0.5) });
    expect(judge([runs], [goal({ limit: { atMost: 1 } })])).toMatchObject([{ value: 1, met: true }]);
    expect(judge([runs], [goal({ limit: { atMost: 0.99 } })])).toMatchObject([{ value: 1, met: false }]);
    expect(judge([runs], [goal({ limit: { atLeast: 1 } })])).toMatchObject([{ met: true }]);
    expect(judge([runs], [goal({ limit: { atLeast: 1.01 } })])).toMatchObject([{ met: false }]);
  });

  it('compare round by round, so that a slow round of the machine does not decide', () => {
    const runs = outcome({ [SLUICE]: costs(2, 20, 3), raw: costs(1, 10, 1.5) });
    const against = { kind: 'efficiency', contender: 'raw' } as const;
    expect(judge([runs], [goal({ against, limit: { atLeast: 0.5 } })])).toMatchObject([{ value: 0.5, met: true }]);
    const difference = { kind: 'difference', contender: 'raw' } as const;
    expect(judge([runs], [goal({ against: difference, limit: { atMost: 1.4 } })])).toMatchObject([{ met: false }]);
  });

  it('give no verdict on what was not measured', () => {
    const runs = outcome({ [SLUICE]: [{ p50Ms: 3 }], raw: costs(1) });
    expect(judge([runs], [goal({})])).toEqual([]);
    expect(judge([runs], [goal({ measurement: 'other', figure: 'p50Ms' })])).toEqual([]);
    const absent = { kind: 'ratio', contender: 'absent' } as const;
    expect(judge([runs], [goal({ figure: 'p50Ms', against: absent })])).toEqual([]);
  });
});
