import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { ResourcePool, type ResourcePoolFigures, type ResourcePoolOptions } from './resource-pool.ts';

afterEach(() => void vi.useRealTimers());

interface Thing {
  readonly id: number;
  well: boolean;
}

function aPool(options: Partial<ResourcePoolOptions<Thing>> = {}) {
  const made: Thing[] = [];
  const destroyed: number[] = [];
  const create = async () => {
    const thing = { id: made.length + 1, well: true };
    made.push(thing);
    return thing;
  };
  const destroy = ({ id }: Thing) => void destroyed.push(id);
  const pool = new ResourcePool({ name: 'things', max: 2, create, destroy, ...options });
  onTestFinished(() => pool.stop(Date.now() + 1_000));
  return { pool, made, destroyed };
}

/** Borrows a thing for as long as the test wants. */
function borrow(pool: ResourcePool<Thing>, borrowing = {}) {
  const end = Promise.withResolvers<void>();
  const began = Promise.withResolvers<number>();
  const done = pool.use(async ({ id }) => {
    began.resolve(id);
    await end.promise;
    return id;
  }, borrowing);
  done.catch(began.reject);
  // Not every test waits for the beginning.
  began.promise.catch(() => undefined);
  return { began: began.promise, giveBack: end.resolve, done };
}

describe('a pool lends', () => {
  test('what it has before it opens more, and no more than its maximum', async () => {
    const { pool, made } = aPool();
    expect(await pool.use(({ id }) => id)).toBe(1);
    expect(await pool.use(({ id }) => id)).toBe(1);
    const loans = [borrow(pool), borrow(pool), borrow(pool)];
    await Promise.all([loans[0]?.began, loans[1]?.began]);
    expect([made.length, pool.figures]).toEqual([2, { idle: 0, borrowed: 2, waiting: 1 }]);
    loans[0]?.giveBack();
    expect(await loans[2]?.began).toBe(1);
    for (const { giveBack } of loans) giveBack();
    await Promise.all(loans.map(({ done }) => done));
    expect(pool.figures).toEqual({ idle: 2, borrowed: 0, waiting: 0 });
  });

  test('again what was used by work that failed', async () => {
    const { pool, made } = aPool({ max: 1 });
    const broken = pool.use(() => {
      throw new Error('the work failed');
    });
    await expect(broken).rejects.toThrow('the work failed');
    expect(await pool.use(({ id }) => id)).toBe(1);
    expect(made).toHaveLength(1);
  });

  test('only what is well, and destroys what is not', async () => {
    const { pool, made, destroyed } = aPool({ max: 1, validate: async ({ well }) => well });
    await pool.use((thing) => {
      thing.well = false;
    });
    expect(await pool.use(({ id }) => id)).toBe(2);
    expect([made.length, destroyed]).toEqual([2, [1]]);
  });

  test('nothing of which the check fails', async () => {
    const { pool, destroyed } = aPool({
      max: 1,
      validate: ({ id }) => {
        if (id === 1) throw new Error('cannot be reached');
        return true;
      },
    });
    expect(await pool.use(({ id }) => id)).toBe(2);
    expect(destroyed).toEqual([1]);
  });
});

describe('a borrower', () => {
  test('waits until its deadline, and what comes later goes to the next', async () => {
    const { pool } = aPool({ max: 1 });
    const holder = borrow(pool);
    await holder.began;
    const late = borrow(pool, { deadline: Date.now() + 20 });
    await expect(late.done).rejects.toMatchObject({ name: 'PoolError', reason: 'timeout', pool: 'things' });
    expect(pool.figures.waiting).toBe(0);
    const next = borrow(pool);
    holder.giveBack();
    expect(await next.began).toBe(1);
    next.giveBack();
    await next.done;
  });

  test('waits no longer than the pool allows', async () => {
    const { pool } = aPool({ max: 1, maxWaitMs: 20 });
    const holder = borrow(pool);
    await holder.began;
    await expect(borrow(pool).done).rejects.toThrow(
      'No resource of the pool things: none became free in time',
    );
    holder.giveBack();
    await holder.done;
  });

  test('that goes away at the moment when a resource comes back takes none with it', async () => {
    const { pool } = aPool({ max: 1 });
    const holder = borrow(pool);
    await holder.began;
    const gone = new AbortController();
    const waiting = borrow(pool, { signal: gone.signal });
    const next = borrow(pool);
    holder.giveBack();
    await holder.done;
    gone.abort(new Error('cancelled'));
    await expect(Promise.race([waiting.done, waiting.began])).rejects.toThrow('cancelled');
    expect(await next.began).toBe(1);
    next.giveBack();
    await next.done;
    expect(pool.figures).toEqual({ idle: 1, borrowed: 0, waiting: 0 });
  });

  test('that is gone already gets nothing', async () => {
    const { pool, made } = aPool();
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(pool.use(() => 'never', { signal })).rejects.toThrow('cancelled');
    expect(made).toEqual([]);
  });

  test('is refused at once when too many wait', async () => {
    const { pool } = aPool({ max: 1, maxWaiting: 1 });
    const holder = borrow(pool);
    await holder.began;
    const waiting = borrow(pool);
    await expect(pool.use(() => 'never')).rejects.toMatchObject({ reason: 'crowded' });
    holder.giveBack();
    waiting.giveBack();
    await waiting.done;
  });

  test('learns why nothing can be opened, and the next one tries again', async () => {
    let up = false;
    const cause = new Error('connection refused');
    const { pool } = aPool({
      create: async () => {
        if (up) return { id: 7, well: true };
        throw cause;
      },
    });
    await expect(pool.use(() => 'never')).rejects.toMatchObject({ reason: 'broken', cause });
    up = true;
    expect(await pool.use(({ id }) => id)).toBe(7);
  });
});

describe('what nobody needs', () => {
  test('is closed after a while, down to the minimum', async () => {
    const { pool, destroyed } = aPool({ min: 1, idleMs: 20 });
    const loans = [borrow(pool), borrow(pool)];
    await Promise.all(loans.map(({ began }) => began));
    for (const { giveBack } of loans) giveBack();
    await expect.poll(() => destroyed.length, { interval: 5 }).toBe(1);
    expect(pool.figures.idle).toBe(1);
  });

  test('a resource that cannot be closed is told of, and forgotten', async () => {
    const onWarning = vi.fn();
    const destroy = async () => {
      throw new Error('stuck');
    };
    const { pool } = aPool({ destroy, onWarning });
    await pool.use(() => 'used');
    await pool.stop();
    expect(onWarning.mock.calls[0]?.[0]).toContain('stuck');
  });
});

describe('a pool that stops', () => {
  test('waits for what is lent, sends away who waits, and closes all', async () => {
    const { pool, destroyed } = aPool({ max: 1 });
    const holder = borrow(pool);
    await holder.began;
    const waiting = borrow(pool);
    const stopped = pool.stop();
    await expect(waiting.done).rejects.toMatchObject({ reason: 'stopped' });
    expect(destroyed).toEqual([]);
    holder.giveBack();
    await stopped;
    expect(destroyed).toEqual([1]);
    await expect(pool.use(() => 'never')).rejects.toMatchObject({ reason: 'stopped' });
    await pool.stop();
  });

  test('does not wait beyond its deadline for what never comes back', async () => {
    const { pool } = aPool();
    const holder = borrow(pool);
    await holder.began;
    await pool.stop(Date.now() + 10);
    holder.giveBack();
    await holder.done;
  });
});

test('its figures are told after each change', async () => {
  const seen: ResourcePoolFigures[] = [];
  const { pool } = aPool({ onChange: (figures) => void seen.push(figures) });
  await pool.use(() => expect(pool.figures.borrowed).toBe(1));
  await pool.stop();
  expect(seen).toContainEqual({ idle: 0, borrowed: 1, waiting: 0 });
  expect(seen.at(-1)).toEqual({ idle: 0, borrowed: 0, waiting: 0 });
});

test.each([
  [{ max: 0 }, 'Pool things: max is 0: expected an integer from 1'],
  [{ max: 2, min: 3 }, 'Pool things: min (3) exceeds max (2)'],
  [{ idleMs: 0 }, 'Pool things: idleMs is 0: expected an integer from 1'],
  [{ maxWaitMs: 1.5 }, 'Pool things: maxWaitMs is 1.5: expected an integer from 1'],
  [{ maxWaiting: -1 }, 'Pool things: maxWaiting is -1: expected an integer from 0'],
])('%j is refused', (options, message) => {
  const create = async () => ({ id: 1, well: true });
  expect(() => new ResourcePool({ name: 'things', max: 1, create, destroy: () => {}, ...options })).toThrow(
    message,
  );
});
