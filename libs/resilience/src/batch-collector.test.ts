import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BatchCollector, type BatchCollectorOptions } from './batch-collector.ts';
import { Slots } from './slots.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** The end of this turn of the event loop, and of what it began. */
const turn = async () => {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
};

/** A collector whose runs end when the test lets them. */
function collecting(options: Partial<BatchCollectorOptions<string, string>> = {}) {
  const runs: { items: readonly string[]; end: () => void }[] = [];
  const run = async (items: readonly string[]) => {
    const gate = Promise.withResolvers<void>();
    runs.push({ items, end: gate.resolve });
    await gate.promise;
    return items.map((item) => ({ status: 'fulfilled', value: `${item}!` }) as const);
  };
  const collector = new BatchCollector({ maxSize: 3, maxWaitMs: 100, eager: true, run, ...options });
  return { collector, runs, batches: () => runs.map(({ items }) => items.join('')) };
}

describe('when a batch leaves', () => {
  test('one alone leaves at the end of the turn, together with all of the same turn', async () => {
    const { collector, runs, batches } = collecting();
    const results = ['a', 'b'].map((item) => collector.add(item));
    expect(batches()).toEqual([]);
    await turn();
    expect(batches()).toEqual(['ab']);
    runs[0]?.end();
    expect(await Promise.all(results)).toEqual(['a!', 'b!']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a full one leaves at once', () => {
    const { collector, batches } = collecting();
    for (const item of 'abcd') void collector.add(item);
    expect(batches()).toEqual(['abc']);
  });

  test('what comes during a run leaves after it', async () => {
    const { collector, runs, batches } = collecting();
    void collector.add('a');
    await turn();
    void collector.add('b');
    await turn();
    void collector.add('c');
    await turn();
    expect(batches()).toEqual(['a']);
    runs[0]?.end();
    await turn();
    expect(batches()).toEqual(['a', 'bc']);
  });

  test('nobody waits for a run for longer than is allowed', async () => {
    const { collector, batches } = collecting();
    void collector.add('a');
    await turn();
    void collector.add('b');
    await vi.advanceTimersByTimeAsync(60);
    void collector.add('c');
    await vi.advanceTimersByTimeAsync(39);
    expect(batches()).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches()).toEqual(['a', 'bc']);
  });

  test('one that is not eager waits until it is full, or for as long as is allowed', async () => {
    const { collector, runs, batches } = collecting({ eager: false });
    void collector.add('a');
    await turn();
    void collector.add('b');
    await vi.advanceTimersByTimeAsync(99);
    expect(batches()).toEqual([]);
    void collector.add('c');
    expect(batches()).toEqual(['abc']);
    void collector.add('d');
    runs[0]?.end();
    await turn();
    expect(batches()).toEqual(['abc']);
    await vi.advanceTimersByTimeAsync(100);
    expect(batches()).toEqual(['abc', 'd']);
  });

  test('when it is known that nobody else will come, nobody waits', async () => {
    const { collector, batches } = collecting({ eager: false });
    void collector.add('a');
    collector.hurry();
    expect(batches()).toEqual(['a']);
    void collector.add('b');
    void collector.add('c');
    await turn();
    expect(batches()).toEqual(['a', 'bc']);
    expect(collector.idle).toBe(false);
  });

  test('groups do not meet, and are forgotten', async () => {
    const { collector, runs, batches } = collecting();
    const results = [
      collector.add('a', { group: 'x' }),
      collector.add('b', { group: 'y' }),
      collector.add('c', { group: 'x' }),
    ];
    await turn();
    expect(batches()).toEqual(['ac', 'b']);
    for (const { end } of runs) end();
    expect(await Promise.all(results)).toEqual(['a!', 'b!', 'c!']);
    await turn();
    expect(collector.idle).toBe(true);
  });
});

describe('an item that is not wanted any more', () => {
  test('leaves, and the others go on without it', async () => {
    const { collector, batches } = collecting();
    const gone = new AbortController();
    const result = collector.add('a', { signal: gone.signal });
    void collector.add('b');
    gone.abort(new Error('cancelled'));
    await expect(result).rejects.toThrow('cancelled');
    await turn();
    expect(batches()).toEqual(['b']);
  });

  test('leaves nothing behind when it was the only one', async () => {
    const { collector, batches } = collecting();
    const gone = new AbortController();
    const result = collector.add('a', { signal: gone.signal });
    gone.abort(new Error('cancelled'));
    await expect(result).rejects.toThrow('cancelled');
    await turn();
    expect(batches()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not join at all when it is too late', async () => {
    const { collector, batches } = collecting();
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(collector.add('a', { signal })).rejects.toThrow('cancelled');
    await turn();
    expect(batches()).toEqual([]);
  });

  test('stays in a run that has begun', async () => {
    const { collector, runs } = collecting();
    const gone = new AbortController();
    const result = collector.add('a', { signal: gone.signal });
    await turn();
    gone.abort(new Error('cancelled'));
    runs[0]?.end();
    expect(await result).toBe('a!');
  });
});

describe('what becomes of the items', () => {
  test('each has an outcome of its own', async () => {
    const { collector } = collecting({
      run: async () => [
        { status: 'fulfilled', value: 'good' },
        { status: 'rejected', reason: new Error('bad') },
      ],
    });
    const [good, bad, missing] = ['a', 'b', 'c'].map((item) => collector.add(item));
    await expect(good).resolves.toBe('good');
    await expect(bad).rejects.toThrow('bad');
    await expect(missing).rejects.toThrow('without an outcome');
  });

  test('a run that fails fails all, and the next one goes on', async () => {
    const run = vi.fn(async (): Promise<never> => {
      throw new Error('broken');
    });
    const { collector } = collecting({ run });
    await expect(Promise.all([collector.add('a'), collector.add('b')])).rejects.toThrow('broken');
    await expect(collector.add('c')).rejects.toThrow('broken');
    expect(run).toHaveBeenCalledTimes(2);
  });
});

describe('the place of a run', () => {
  test('is waited for, and meanwhile others may join', async () => {
    const places = new Slots(1);
    await places.take();
    const { collector, runs, batches } = collecting({ places });
    const first = collector.add('a');
    await turn();
    const second = collector.add('b');
    await turn();
    expect(batches()).toEqual([]);
    places.release();
    await turn();
    expect(batches()).toEqual(['ab']);
    expect(places.used).toBe(1);
    runs[0]?.end();
    await Promise.all([first, second]);
    await turn();
    expect(places.used).toBe(0);
  });

  test('is that of the item that completes the batch, when it has one', async () => {
    const places = new Slots(1);
    await places.take();
    const { collector, runs, batches } = collecting({ places });
    const results = ['a', 'b'].map((item) => collector.add(item));
    const handOver = vi.fn(() => true);
    results.push(collector.add('c', { handOver }));
    expect(batches()).toEqual(['abc']);
    expect(handOver).toHaveBeenCalledOnce();
    runs[0]?.end();
    await Promise.all(results);
    await turn();
    expect([places.used, places.free]).toEqual([0, 1]);
  });

  test('is given back when all items have left before it was there', async () => {
    const places = new Slots(1);
    await places.take();
    const { collector, batches } = collecting({ places });
    const gone = new AbortController();
    const result = collector.add('a', { signal: gone.signal });
    await turn();
    gone.abort(new Error('cancelled'));
    await expect(result).rejects.toThrow('cancelled');
    places.release();
    await turn();
    expect(batches()).toEqual([]);
    expect([places.used, places.free]).toEqual([0, 1]);
  });

  test('of several full batches is one each', async () => {
    const places = new Slots(2);
    const { collector, runs, batches } = collecting({ places });
    const results = [...'abcdefgh'].map((item) => collector.add(item));
    await turn();
    expect(places.used).toBe(2);
    while (runs.length > 0) {
      for (const { end } of runs.splice(0)) end();
      await turn();
    }
    expect(await Promise.all(results)).toHaveLength(8);
    expect(batches()).toEqual([]);
    expect(places.used).toBe(0);
  });
});
