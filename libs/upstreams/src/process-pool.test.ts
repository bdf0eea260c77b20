import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Pooled } from './pool-member.ts';
import type { PoolLimits, ProcessPoolOptions } from './pool-options.ts';
import { ProcessPool } from './process-pool.ts';
import { Restarts } from './restarts.ts';

/** A process that does what the test says. */
class FakeProcess implements Pooled {
  readonly id: number;
  closed = false;
  healthy = true;
  checks = 0;
  readonly lastWords = ['the last words'];
  readonly #ended = Promise.withResolvers<string>();

  constructor(id: number) {
    this.id = id;
  }

  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  async check(): Promise<void> {
    this.checks += 1;
    if (!this.healthy) throw new Error('no answer');
  }

  async stop(): Promise<void> {
    this.die('stopped');
    await this.ended;
  }

  die(how = 'exit code 1'): void {
    this.closed = true;
    this.#ended.resolve(how);
  }
}

const LIMITS: PoolLimits = {
  name: 'u',
  min: 0,
  max: 2,
  concurrency: 1,
  recycleAfterCalls: 0,
  recycleAfterMs: 0,
  idleStopMs: 60_000,
  healthMs: 30_000,
  healthTimeoutMs: 1_000,
};
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

let pool: ProcessPool<FakeProcess>;
let started: FakeProcess[];

function createPool(limits: Partial<PoolLimits> = {}, more: Partial<ProcessPoolOptions<FakeProcess>> = {}) {
  started = [];
  pool = new ProcessPool<FakeProcess>({
    limits: { ...LIMITS, ...limits },
    open: async () => {
      const one = new FakeProcess(started.length + 1);
      started.push(one);
      return one;
    },
    restarts: new Restarts({ failures: 2, pauseMs: 5_000 }),
    judge: () => 'failed',
    unavailable: (cause, retryAfterMs) =>
      new Error(`unavailable: ${(cause as Error).message}`, { cause: retryAfterMs }),
    log,
    ...more,
  });
  return pool;
}

/** A call that runs until the test ends it. @returns which process runs it */
function hold(options?: Parameters<ProcessPool<FakeProcess>['use']>[1]) {
  const on = Promise.withResolvers<FakeProcess>();
  const end = Promise.withResolvers<void>();
  const done = pool.use(async (process) => {
    on.resolve(process);
    await end.promise;
    return process.id;
  }, options);
  done.catch(on.reject);
  on.promise.catch(() => undefined);
  return { on: on.promise, end: end.resolve, fail: end.reject, done };
}

beforeEach(() => vi.useFakeTimers());
afterEach(async () => {
  const closing = pool.close();
  await vi.runAllTimersAsync();
  await closing;
  expect(pool.size).toBe(0);
  vi.useRealTimers();
});

describe('size', () => {
  test('the least are started when the pool is warmed, more as calls wait, and never more than the most', async () => {
    createPool({ min: 1, max: 2 });
    pool.warm();
    await vi.advanceTimersByTimeAsync(0);
    expect(pool.size).toBe(1);
    const calls = [hold(), hold(), hold()];
    await vi.advanceTimersByTimeAsync(0);
    expect([pool.size, pool.running, pool.waiting]).toEqual([2, 2, 1]);
    calls[0]?.end();
    expect((await (calls[2] as ReturnType<typeof hold>).on).id).toBe(1);
    for (const { end } of calls) end();
    await Promise.all(calls.map(({ done }) => done));
  });

  test('a process takes as many calls at the same time as it may', async () => {
    createPool({ max: 1, concurrency: 3 });
    const calls = [hold(), hold(), hold(), hold()];
    await vi.advanceTimersByTimeAsync(0);
    expect([pool.size, pool.running, pool.waiting]).toEqual([1, 3, 1]);
    for (const { end } of calls) end();
    await Promise.all(calls.map(({ done }) => done));
  });

  test('one that is ending counts until nothing is left of it', async () => {
    createPool({ max: 1, recycleAfterCalls: 1 });
    const ending = Promise.withResolvers<void>();
    const first = hold();
    const one = await first.on;
    one.stop = () => ending.promise;
    first.end();
    await first.done;
    const second = hold();
    await vi.advanceTimersByTimeAsync(0);
    expect([started.length, pool.size]).toEqual([1, 1]);
    ending.resolve();
    expect((await second.on).id).toBe(2);
    second.end();
    await second.done;
  });
});

describe('a process is replaced', () => {
  test('after so many calls', async () => {
    createPool({ recycleAfterCalls: 2, max: 1 });
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push(await pool.use(async ({ id }) => id));
    expect(ids).toEqual([1, 1, 2, 2, 3]);
  });

  test('at its age, but not before it has ended its calls', async () => {
    createPool({ recycleAfterMs: 10_000, max: 1 });
    const call = hold();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(started[0]?.closed).toBe(false);
    call.end();
    await call.done;
    expect(started[0]?.closed).toBe(true);
    expect(await pool.use(async ({ id }) => id)).toBe(2);
  });

  test('when it does not answer any more', async () => {
    createPool({ healthMs: 10_000, min: 1 });
    pool.warm();
    await vi.advanceTimersByTimeAsync(12_000);
    expect([started[0]?.checks, started[0]?.closed]).toEqual([1, false]);
    if (started[0]) started[0].healthy = false;
    await vi.advanceTimersByTimeAsync(12_000);
    expect(started[0]?.closed).toBe(true);
    expect(await pool.use(async ({ id }) => id)).toBe(2);
  });

  test('when it does not answer after a call that was cancelled: until then it gets no other', async () => {
    createPool({ max: 1 });
    const stop = new AbortController();
    const call = hold({ signal: stop.signal });
    const process = await call.on;
    process.healthy = false;
    stop.abort();
    call.fail(new Error('cancelled'));
    await expect(call.done).rejects.toThrow('cancelled');
    expect(await pool.use(async ({ id }) => id)).toBe(2);
    expect(process.checks).toBe(1);
  });

  test('when it ended by itself', async () => {
    const onLoss = vi.fn();
    createPool({ min: 1 }, { onLoss });
    expect(await pool.use(async ({ id }) => id)).toBe(1);
    started[0]?.die();
    await vi.advanceTimersByTimeAsync(0);
    expect([onLoss.mock.calls.length, pool.size, started.length]).toEqual([1, 1, 2]);
  });
});

test('processes that had nothing to do for long are stopped, down to the least', async () => {
  createPool({ min: 1, max: 3, idleStopMs: 10_000 });
  const calls = [hold(), hold(), hold()];
  await Promise.all(calls.map(({ on }) => on));
  for (const { end } of calls) end();
  await Promise.all(calls.map(({ done }) => done));
  expect(pool.size).toBe(3);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(pool.size).toBe(1);
});

test('a call that waits is let go when its signal is aborted', async () => {
  createPool({ max: 1 });
  const first = hold();
  await first.on;
  const stop = new AbortController();
  const second = hold({ signal: stop.signal });
  stop.abort(new Error('gone'));
  await expect(second.done).rejects.toThrow('gone');
  expect(pool.waiting).toBe(0);
  first.end();
  await first.done;
});

describe('a server that cannot be started', () => {
  test('is tried again after a while, then calls are refused at once until the next try', async () => {
    let broken = true;
    createPool(
      {},
      {
        open: async () => {
          if (broken) throw new Error('no disk');
          const one = new FakeProcess(1);
          started.push(one);
          return one;
        },
      },
    );
    const first = hold();
    const refused = expect(first.done).rejects.toThrow('unavailable: no disk');
    await vi.advanceTimersByTimeAsync(100);
    await refused;
    await expect(hold().done).rejects.toThrow('unavailable: no disk');
    broken = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await pool.use(async ({ id }) => id)).toBe(1);
  });

  test('does not keep calls from the processes that it has', async () => {
    let opened = 0;
    createPool(
      { max: 2 },
      {
        open: async () => {
          opened += 1;
          if (opened > 1) throw new Error('no disk');
          return new FakeProcess(1);
        },
      },
    );
    const first = hold();
    await first.on;
    const second = hold();
    await vi.advanceTimersByTimeAsync(200);
    expect(pool.waiting).toBe(1);
    first.end();
    expect((await second.on).id).toBe(1);
    second.end();
    await second.done;
  });

  test('is not started at once again and again when it dies soon after', async () => {
    createPool({ min: 1 });
    pool.warm();
    for (let n = 0; n < 20; n += 1) {
      await vi.advanceTimersByTimeAsync(100);
      started.at(-1)?.die();
    }
    expect(started.length).toBeLessThanOrEqual(3);
  });
});

describe('with owners', () => {
  test('each has a process of its own, and finds it again', async () => {
    createPool({ max: 3 });
    const id = (owner: string) => pool.use(async (process) => process.id, { owner });
    expect([await id('ada'), await id('bob'), await id('ada'), await id('bob')]).toEqual([1, 2, 1, 2]);
  });

  test('the calls of one run one after the other', async () => {
    createPool({ max: 3 });
    const calls = [hold({ owner: 'ada' }), hold({ owner: 'ada' })];
    await vi.advanceTimersByTimeAsync(0);
    expect([pool.size, pool.running, pool.waiting]).toEqual([1, 1, 1]);
    for (const { end } of calls) end();
    await Promise.all(calls.map(({ done }) => done));
  });

  test('when all processes are kept, a further owner is refused', async () => {
    createPool({ max: 1 });
    await pool.use(async () => 0, { owner: 'ada' });
    await expect(pool.use(async () => 0, { owner: 'bob' })).rejects.toThrow(
      'unavailable: all 1 processes are kept by other sessions',
    );
  });

  test('whose process ends, of itself or for having nothing to do, is told of', async () => {
    const onOwnerLost = vi.fn();
    createPool({ max: 2, min: 1, idleStopMs: 10_000 }, { onOwnerLost });
    await pool.use(async () => 0, { owner: 'ada' });
    await pool.use(async () => 0, { owner: 'bob' });
    started[0]?.die();
    await vi.advanceTimersByTimeAsync(0);
    expect(onOwnerLost.mock.calls).toEqual([['ada']]);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(onOwnerLost.mock.calls).toEqual([['ada'], ['bob']]);
  });
});

test('closing ends all that wait, run and start', async () => {
  const opening = Promise.withResolvers<FakeProcess>();
  createPool({ max: 2 }, { open: () => (started.length === 0 ? first() : opening.promise) });
  const first = async () => {
    const one = new FakeProcess(1);
    started.push(one);
    return one;
  };
  const running = hold();
  await running.on;
  const waiting = hold();
  const refused = expect(waiting.done).rejects.toThrow('the upstream is being stopped');
  const closing = pool.close();
  await refused;
  expect(started[0]?.closed).toBe(true);
  const late = new FakeProcess(2);
  opening.resolve(late);
  await closing;
  expect(late.closed).toBe(true);
  await expect(pool.use(async () => 0)).rejects.toThrow('the upstream is being stopped');
  running.end();
  await running.done;
});
