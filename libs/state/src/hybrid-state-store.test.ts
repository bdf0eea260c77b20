import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HybridStateStore } from './hybrid-state-store.ts';
import { MemoryStateStore } from './memory-state-store.ts';
import { StateError } from './state-error.ts';
import type { Entry } from './state-store.ts';
import { TestChannel } from './testing/test-channel.ts';

const MINUTE = 60_000;

/** Two processes in front of one store. */
describe('memory in front of a store', () => {
  let now: number;
  let store: MemoryStateStore;
  let [here, there]: HybridStateStore[] = [];
  let members: ReturnType<TestChannel['join']>[];
  const reads = vi.fn();

  beforeEach(() => {
    now = 1_000_000;
    const clock = { now: () => now };
    store = new MemoryStateStore({ clock });
    const channel = new TestChannel();
    members = [channel.join(), channel.join()];
    [here, there] = members.map(
      (invalidations) => new HybridStateStore({ store, invalidations, clock, onRead: reads }),
    );
    reads.mockClear();
  });
  const valueAt = async (hybrid = here) => (await hybrid?.get('k'))?.value;

  it('asks the store once, and memory from then on', async () => {
    const get = vi.spyOn(store, 'get');
    await here?.set('k', 'a', MINUTE);
    expect([await valueAt(), await valueAt(), await valueAt()]).toEqual(['a', 'a', 'a']);
    expect(get).toHaveBeenCalledTimes(1);
    expect(reads.mock.calls).toEqual([[false], [true], [true]]);
  });

  it('asks once for all who want the same at the same time', async () => {
    await store.set('k', 'a', MINUTE);
    const get = vi.spyOn(store, 'get');
    await Promise.all([valueAt(), valueAt(), valueAt()]);
    expect(get).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['set', () => here?.set('k', 'new', MINUTE), 'new'],
    ['replaced', async () => here?.compareAndSet('k', (await store.get('k'))?.version, 'new', MINUTE), 'new'],
    ['deleted', () => here?.delete('k'), undefined],
  ])('forgets in every process what is %s in one', async (_, change, value) => {
    await store.set('k', 'old', MINUTE);
    expect([await valueAt(here), await valueAt(there)]).toEqual(['old', 'old']);
    await change();
    expect([await valueAt(here), await valueAt(there)]).toEqual([value, value]);
  });

  it('does not remember what was read while somebody changed it', async () => {
    const slow = Promise.withResolvers<Entry>();
    vi.spyOn(store, 'get').mockReturnValueOnce(slow.promise);
    const reading = valueAt();
    await there?.set('k', 'new', MINUTE);
    const later = valueAt();
    slow.resolve({ value: 'old', version: 'v', expiresAt: now + MINUTE });
    expect([await reading, await later, await valueAt()]).toEqual(['old', 'new', 'new']);
  });

  it('serves no entry longer than it lives, nor longer than five seconds', async () => {
    await here?.set('k', 'a', 2_000);
    await valueAt();
    now += 2_000;
    expect(await valueAt()).toBeUndefined();
    await store.set('k', 'b', MINUTE);
    expect(await valueAt()).toBe('b');
    await store.set('k', 'untold', MINUTE);
    now += 4_999;
    expect(await valueAt()).toBe('b');
    now += 1;
    expect(await valueAt()).toBe('untold');
  });

  it('reads from the store while it cannot hear of changes', async () => {
    await store.set('k', 'a', MINUTE);
    await valueAt();
    Object.assign(members[0] as object, { hears: false });
    await there?.set('k', 'b', MINUTE);
    expect(await valueAt()).toBe('b');
    await there?.set('k', 'c', MINUTE);
    expect(await valueAt()).toBe('c');
  });

  it('forgets everything when it may have missed something', async () => {
    await store.set('k', 'a', MINUTE);
    await valueAt();
    await store.set('k', 'b', MINUTE);
    members[0]?.hear(undefined);
    expect(await valueAt()).toBe('b');
  });

  it('forgets what it could not write: the store may have written all the same', async () => {
    await store.set('k', 'a', MINUTE);
    await valueAt();
    const lost = new StateError('unavailable', 'gone');
    vi.spyOn(store, 'set').mockImplementationOnce(async (key, value, ttlMs) => {
      await store.compareAndSet(key, (await store.get(key))?.version, value, ttlMs);
      throw lost;
    });
    await expect(here?.set('k', 'b', MINUTE)).rejects.toBe(lost);
    expect([await valueAt(here), await valueAt(there)]).toEqual(['b', 'b']);
  });

  it('tells of a store that is away, and has the entry again when it is back', async () => {
    await store.set('k', 'a', MINUTE);
    vi.spyOn(store, 'get').mockRejectedValueOnce(new StateError('unavailable', 'gone'));
    await expect(valueAt()).rejects.toMatchObject({ reason: 'unavailable', retryable: true });
    expect(await valueAt()).toBe('a');
  });

  it('holds no more than it may, and reads the rest from the store', async () => {
    const small = new HybridStateStore({
      store,
      invalidations: new TestChannel().join(),
      maxCharacters: 12,
      onRead: reads,
    });
    for (const key of ['a', 'b']) await small.set(key, 'x'.repeat(9), MINUTE);
    for (const key of ['a', 'b', 'a']) await small.get(key);
    expect(reads.mock.calls).toEqual([[false], [false], [false]]);
  });
});
