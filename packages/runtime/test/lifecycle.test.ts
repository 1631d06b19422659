import { EventEmitter } from 'node:events';
import { createLogger, Lifecycle } from '@sluice/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

class Host extends EventEmitter {
  readonly exits: number[] = [];
  readonly pid = 4711;
  readonly kills: unknown[] = [];

  kill(...how: readonly unknown[]): void {
    this.kills.push(how);
  }

  exit(code: number): void {
    this.exits.push(code);
  }
}

function create(unreadyMs = 0) {
  const lines: string[] = [];
  const destination = {
    write: (line: string) => {
      lines.push(line);
    },
  };
  const host = new Host();
  const log = createLogger({ level: 'info', destination });
  const lifecycle = new Lifecycle({ gracefulMs: 1000, unreadyMs, log, host, now: () => Date.now() });
  lifecycle.install();
  return { lifecycle, host, lines };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('life cycle', () => {
  it('goes from starting over ready and draining to stopped', async () => {
    const { lifecycle, host } = create();
    const states = [lifecycle.state];
    lifecycle.onDrain('look', () => {
      states.push(lifecycle.state);
    });
    lifecycle.ready();
    states.push(lifecycle.state);
    host.emit('SIGTERM');
    await lifecycle.drain('again');
    states.push(lifecycle.state);
    expect(states).toEqual(['starting', 'ready', 'draining', 'stopped']);
  });

  it.each(['SIGTERM', 'SIGINT'])('drains on %s in order, then exits with 0', async (signal) => {
    const { lifecycle, host } = create();
    const done: string[] = [];
    for (const name of ['http', 'producers', 'consumers']) {
      lifecycle.onDrain(name, async () => {
        await new Promise((resolve) => {
          setTimeout(resolve, 100);
        });
        done.push(name);
      });
    }
    lifecycle.ready();
    host.emit(signal);
    await vi.advanceTimersByTimeAsync(299);
    expect(host.exits).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toEqual(['http', 'producers', 'consumers']);
    expect(host.exits).toEqual([0]);
  });

  it('is unready for a while before the first step begins, and then has its whole time', async () => {
    const { lifecycle, host } = create(5000);
    const done: string[] = [];
    lifecycle.onUnready(() => done.push('unready'));
    lifecycle.onDrain('api', (budgetMs) => void done.push(`api ${budgetMs}`));
    lifecycle.ready();
    host.emit('SIGTERM');
    expect([lifecycle.state, done]).toEqual(['draining', ['unready']]);
    await vi.advanceTimersByTimeAsync(4999);
    expect(done).toEqual(['unready']);
    await vi.advanceTimersByTimeAsync(1);
    expect([host.exits, done]).toEqual([[0], ['unready', 'api 950']]);
  });

  it('waits for nobody to notice when the process is sick, or when it is told a second time', async () => {
    const { lifecycle, host } = create(5000);
    lifecycle.ready();
    host.emit('uncaughtException', new Error('sick'));
    await vi.advanceTimersByTimeAsync(0);
    expect([lifecycle.state, host.exits]).toEqual(['stopped', [1]]);
    const impatient = create(5000);
    impatient.lifecycle.ready();
    impatient.host.emit('SIGTERM');
    impatient.host.emit('SIGTERM');
    expect(impatient.host.exits).toEqual([1]);
  });

  it('waits for calls that hold a thread while there is time, and is killed then: to exit would wait for them', async () => {
    const ends = create();
    let calls = 1;
    ends.lifecycle.countCallsLeft(() => calls);
    ends.lifecycle.ready();
    ends.host.emit('SIGTERM');
    await vi.advanceTimersByTimeAsync(900);
    expect([ends.host.exits, ends.host.kills]).toEqual([[], []]);
    calls = 0;
    await vi.advanceTimersByTimeAsync(20);
    expect([ends.host.exits, ends.host.kills]).toEqual([[0], []]);
    const hangs = create();
    hangs.lifecycle.countCallsLeft(() => 1);
    hangs.lifecycle.ready();
    hangs.host.emit('SIGTERM');
    await vi.advanceTimersByTimeAsync(1100);
    expect([hangs.host.exits, hangs.host.kills]).toEqual([[], [[4711, 'SIGKILL']]]);
  });

  it('leaves a step that hangs behind in time for those after it', async () => {
    const { lifecycle, host, lines } = create();
    const budgets: number[] = [];
    lifecycle.onDrain('hangs', async (budgetMs) => {
      budgets.push(budgetMs);
      await new Promise(() => undefined);
    });
    lifecycle.onDrain('next', (budgetMs) => {
      budgets.push(budgetMs);
    });
    host.emit('SIGTERM');
    await vi.advanceTimersByTimeAsync(1000);
    expect(budgets).toEqual([855, 95]);
    expect(host.exits).toEqual([0]);
    expect(lines.join()).toContain('"step":"hangs"');
  });

  it('does not call a step late that ends with the time it was given', async () => {
    const { lifecycle, host, lines } = create();
    lifecycle.onDrain('thorough', async (budgetMs) => {
      await new Promise((resolve) => setTimeout(resolve, budgetMs));
    });
    host.emit('SIGTERM');
    await vi.advanceTimersByTimeAsync(1000);
    expect(host.exits).toEqual([0]);
    expect(lines.join()).not.toContain('took too long');
  });

  it('begins the graceful time behind a step with a time of its own', async () => {
    const { lifecycle, host } = create();
    const budgets: number[] = [];
    const first = async (budgetMs: number): Promise<void> => {
      budgets.push(budgetMs);
      await new Promise((resolve) => setTimeout(resolve, 3000));
    };
    lifecycle.onDrain('long', first, 20_000);
    lifecycle.onDrain('next', (budgetMs) => void budgets.push(budgetMs));
    host.emit('SIGTERM');
    await vi.advanceTimersByTimeAsync(3000);
    expect(budgets).toEqual([19_000, 950]);
    expect(host.exits).toEqual([0]);
  });

  it('goes on after a step that failed', async () => {
    const { lifecycle, host, lines } = create();
    const next = vi.fn();
    lifecycle.onDrain('fails', () => {
      throw new Error('no');
    });
    lifecycle.onDrain('next', next);
    host.emit('SIGTERM');
    await vi.advanceTimersByTimeAsync(0);
    expect(next).toHaveBeenCalledOnce();
    expect(lines.join()).toContain('"step":"fails"');
    expect(host.exits).toEqual([0]);
  });

  it('exits with 1 at once on a second signal', async () => {
    const { lifecycle, host } = create();
    lifecycle.onDrain('hangs', async () => await new Promise(() => undefined));
    host.emit('SIGTERM');
    await vi.advanceTimersByTimeAsync(10);
    host.emit('SIGINT');
    expect(host.exits).toEqual([1]);
  });

  it.each(['uncaughtException', 'unhandledRejection'])('logs an %s, drains and exits with 1', async (event) => {
    const { lifecycle, host, lines } = create();
    const step = vi.fn();
    lifecycle.onDrain('step', step);
    host.emit(event, new Error('broken'));
    await vi.advanceTimersByTimeAsync(0);
    expect(step).toHaveBeenCalledOnce();
    expect(host.exits).toEqual([1]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'fatal', error: { message: 'broken' } });
  });

  it('does not become ready after the end has begun', async () => {
    const { lifecycle } = create();
    await lifecycle.drain('test');
    lifecycle.ready();
    expect(lifecycle.state).toBe('stopped');
  });

  it('leaves signals alone once it is uninstalled', () => {
    const { lifecycle, host } = create();
    lifecycle.uninstall();
    expect(host.eventNames()).toEqual([]);
  });
});
