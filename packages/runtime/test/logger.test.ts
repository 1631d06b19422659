import { createLogger } from '@sluice/runtime';
import { describe, expect, it } from 'vitest';

function record() {
  const lines: string[] = [];
  const destination = {
    write: (line: string) => {
      lines.push(line);
    },
  };
  return { lines, destination };
}

describe('log', () => {
  it('writes one JSON object a line, with time, level, message and the fields of its parents', () => {
    const { lines, destination } = record();
    createLogger({ level: 'info', destination }).child({ requestId: 'r1' }).info({ status: 200 }, 'answered');
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      requestId: 'r1',
      status: 200,
      msg: 'answered',
    });
  });

  it('leaves out what is below its level', () => {
    const { lines, destination } = record();
    const logger = createLogger({ level: 'warn', destination });
    logger.info({}, 'quiet');
    expect(lines).toEqual([]);
    expect([logger.isLevelEnabled('info'), logger.isLevelEnabled('error')]).toEqual([false, true]);
  });

  it('hides secrets at the top and one level down', () => {
    const { lines, destination } = record();
    const secrets = { authorization: 'hunter2', 'sasl.password': 'hunter2', token: 'hunter2' };
    createLogger({ level: 'info', destination }).info({ ...secrets, headers: secrets }, 'x');
    expect(lines.join()).not.toContain('hunter2');
    expect(lines.join()).toContain('[hidden]');
  });

  it('writes errors with their cause', () => {
    const { lines, destination } = record();
    createLogger({ level: 'info', destination }).error(
      { error: new Error('outer', { cause: new Error('inner') }) },
      'x',
    );
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ error: { message: expect.stringContaining('inner') } });
  });
});
