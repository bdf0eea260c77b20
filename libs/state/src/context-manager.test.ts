import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ContextManager } from './context-manager.ts';
import { MemoryStateStore } from './memory-state-store.ts';
import { StateError } from './state-error.ts';

const DAY = 86_400_000;
const ada = { tenant: 'acme', principal: 'ada', namespace: 'tools/call:cart' };
const ofSession = { ...ada, session: 's1' };

let now: number;
let store: MemoryStateStore;
let contexts: ContextManager;

beforeEach(() => {
  now = 1_000_000;
  const clock = { now: () => now };
  store = new MemoryStateStore({ clock });
  contexts = new ContextManager({
    store,
    clock,
    key: 'the key of the fleet',
    limits: { maxValueBytes: 100 },
  });
});

/** What another worker with the same key and store makes of the handle. */
async function handed(values: Record<string, unknown> = { a: 1 }): Promise<string> {
  const kept = contexts.open(ada);
  for (const [key, value] of Object.entries(values)) await kept.set(key, value);
  return kept.handle ?? '';
}

describe('the context of a session', () => {
  it('is the same in every call of the session, and needs no handle', async () => {
    await contexts.open(ofSession).set('cart', ['apple']);
    expect(contexts.open(ofSession).handle).toBeUndefined();
    expect(await contexts.open(ofSession).get('cart')).toEqual(['apple']);
  });

  it.each([
    ['session', { session: 's2' }],
    ['tenant', { tenant: 'other' }],
    ['tool', { namespace: 'tools/call:other' }],
  ])('is not that of another %s', async (_, other) => {
    await contexts.open(ofSession).set('cart', 'mine');
    expect(await contexts.open({ ...ofSession, ...other }).get('cart')).toBeUndefined();
  });
});

describe('a handle', () => {
  it('stands for what was kept', async () => {
    const handle = await handed({ cart: ['apple'] });
    expect(await contexts.open({ ...ada, handle }).get('cart')).toEqual(['apple']);
    expect(contexts.open({ ...ada, handle }).handle).toBe(handle);
  });

  it('is another one for each context, though nothing is written before something is kept', async () => {
    const set = vi.spyOn(store, 'set');
    const [one, two] = [contexts.open(ada), contexts.open(ada)];
    expect(one.handle).not.toBe(two.handle);
    expect([await one.get('a'), await one.delete('a')]).toEqual([undefined, false]);
    expect(set).not.toHaveBeenCalled();
  });

  it('wins over the session, so that it can be used from several', async () => {
    const handle = await handed({ cart: 'of the handle' });
    expect(await contexts.open({ ...ofSession, handle }).get('cart')).toBe('of the handle');
  });

  it.each([
    ['tenant', { tenant: 'other' }],
    ['caller', { principal: 'eve' }],
    ['tool', { namespace: 'tools/call:other' }],
  ])('is refused for another %s', async (_, other) => {
    const handle = await handed();
    expect(() => contexts.open({ ...ada, ...other, handle })).toThrow(
      expect.objectContaining({ reason: 'forged_handle', retryable: false }),
    );
  });

  it('is refused when a single character of it was changed', async () => {
    const handle = await handed();
    const swap = (at: number) =>
      handle.slice(0, at) + (handle[at] === 'A' ? 'B' : 'A') + handle.slice(at + 1);
    for (const at of [3, 20, 26, 50]) {
      expect(() => contexts.open({ ...ada, handle: swap(at) })).toThrow(/was changed, or was given out to/);
    }
  });

  it('of another key is refused', async () => {
    const handle = await handed();
    expect(() => contexts.withKey('another').open({ ...ada, handle })).toThrow(StateError);
    expect(
      await contexts
        .withKey('the key of the fleet')
        .open({ ...ada, handle })
        .get('a'),
    ).toBe(1);
  });

  it.each(['', 'h1', 'h1.x.y', 'x'.repeat(10_000), 'h1..'])(
    'that never was one is unknown: %.20j',
    (handle) => {
      expect(() => contexts.open({ ...ada, handle })).toThrow(
        expect.objectContaining({ reason: 'unknown_handle', message: expect.stringContaining('not one') }),
      );
    },
  );

  it('is unknown once what it stood for is lost: lost state does not look like an empty context', async () => {
    const handle = await handed();
    const empty = new ContextManager({ store: new MemoryStateStore(), key: 'the key of the fleet' });
    const lost = empty.open({ ...ada, handle });
    const unknown = { reason: 'unknown_handle', message: expect.stringContaining('begin anew') };
    await expect(lost.get('a')).rejects.toMatchObject(unknown);
    await expect(lost.set('a', 2)).rejects.toMatchObject(unknown);
    await expect(lost.delete('a')).rejects.toMatchObject(unknown);
  });

  it('outlives everything that is kept under it', async () => {
    const handle = await handed();
    for (let day = 0; day < 6; day += 1) {
      now += DAY - 1;
      await contexts.open({ ...ada, handle }).set('a', day);
    }
    await contexts.open({ ...ada, handle }).set('long', 1, { ttlMs: 10 * DAY });
    now += 9 * DAY;
    const kept = contexts.open({ ...ada, handle });
    expect([await kept.get('a'), await kept.get('long')]).toEqual([undefined, 1]);
    now += 20 * DAY;
    await expect(contexts.open({ ...ada, handle }).get('long')).rejects.toMatchObject({
      reason: 'unknown_handle',
    });
  });

  it('is checked again when the store could not be asked', async () => {
    const kept = contexts.open({ ...ada, handle: await handed() });
    vi.spyOn(store, 'get').mockRejectedValueOnce(new StateError('unavailable', 'gone'));
    await expect(kept.get('a')).rejects.toMatchObject({ reason: 'unavailable' });
    expect(await kept.get('a')).toBe(1);
  });
});

describe('what is kept', () => {
  it('is JSON, and a copy', async () => {
    const kept = contexts.open(ofSession);
    const value = { list: [1, 'two', null], text: 'ünïcode' };
    await kept.set('k', value);
    const read = await kept.get<typeof value>('k');
    expect(read).toEqual(value);
    read?.list.push(3);
    expect(await kept.get('k')).toEqual(value);
  });

  it('lives a day unless said otherwise', async () => {
    const kept = contexts.open(ofSession);
    await kept.set('short', 1, { ttlMs: 1_000 });
    await kept.set('usual', 1);
    now += 1_000;
    expect([await kept.get('short'), await kept.get('usual')]).toEqual([undefined, 1]);
    now += DAY;
    expect(await kept.get('usual')).toBeUndefined();
  });

  it('can be compared and set: who comes second is told', async () => {
    const kept = contexts.open(ofSession);
    const first = await kept.compareAndSet('k', undefined, 1);
    await kept.compareAndSet('k', first, 2);
    await expect(kept.compareAndSet('k', first, 3)).rejects.toMatchObject({
      reason: 'conflict',
      message: '"k" was changed by somebody else meanwhile',
      details: { key: 'k' },
    });
    expect((await kept.read('k'))?.value).toBe(2);
  });

  it('can be updated by many at once, and no update is lost', async () => {
    const updates = Array.from({ length: 10 }, () =>
      contexts.open(ofSession).update<number>('n', (n = 0) => n + 1),
    );
    expect((await Promise.all(updates)).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await contexts.open(ofSession).get('n')).toBe(10);
  });

  it('says so when others change it all the time', async () => {
    vi.spyOn(store, 'compareAndSet').mockResolvedValue(undefined);
    await expect(contexts.open(ofSession).update('n', () => 1)).rejects.toMatchObject({
      reason: 'conflict',
      retryable: true,
    });
  });

  it('is bounded, in bytes, and what was there stays', async () => {
    const kept = contexts.open(ofSession);
    await kept.set('k', 'small');
    await expect(kept.set('k', 'ü'.repeat(50))).rejects.toMatchObject({
      reason: 'too_large',
      message: 'The value of "k" has 102 bytes; 100 are allowed',
      details: { key: 'k', bytes: 102, maxBytes: 100 },
    });
    expect(await kept.get('k')).toBe('small');
    await kept.set('k', 'x'.repeat(98));
  });

  it.each([
    ['', 1, /^A key is a text of 1 to 128 characters/],
    ['x'.repeat(129), 1, /^A key/],
    ['a\u0000b', 1, /^A key/],
    ['k', undefined, /"k" is nothing that JSON knows/],
    ['k', () => 1, /"k" is nothing that JSON knows/],
    ['k', 1n, /"k" cannot be written as JSON/],
  ])('cannot be kept under %.10j: %s', async (key, value, message) => {
    const kept = contexts.open(ofSession);
    await expect(kept.set(key, value)).rejects.toMatchObject({
      reason: 'invalid',
      message: expect.stringMatching(message),
    });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'cannot live for %s milliseconds',
    async (ttlMs) => {
      await expect(contexts.open(ofSession).set('k', 1, { ttlMs })).rejects.toMatchObject({
        reason: 'invalid',
        message: expect.stringContaining('ttlMs: '),
      });
    },
  );
});
