import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EventStore, type EventStoreOptions } from './event-store.ts';
import { MemoryEventLog } from './memory-event-log.ts';
import { StateError } from './state-error.ts';

interface Total {
  readonly total: number;
}

const id = { tenant: 'acme', id: '42' };
const added = (n: number) => ({ type: 'added', data: { n } });

let log: MemoryEventLog;
const onWarning = vi.fn();
const reduce = vi.fn((state: Total, { data }: { data: unknown }) => ({
  total: state.total + (data as { n: number }).n,
}));

beforeEach(() => {
  log = new MemoryEventLog({ now: () => 1_000 });
  onWarning.mockReset();
  reduce.mockClear();
});

function storeOf(options: Partial<EventStoreOptions<Total>> = {}): EventStore<Total> {
  const usual = { name: 'sum', initial: { total: 0 }, reduce, snapshotEvery: 10 };
  return new EventStore<Total>({ ...usual, ...options }, { log, onWarning });
}

async function addAll(store: EventStore<Total>, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) await store.append(id, n - 1, [added(n)]);
}

describe('the history of a thing', () => {
  it('is read in order, with versions and times, also when it is longer than a page', async () => {
    const store = storeOf({ snapshotEvery: 10_000 });
    for (let at = 0; at < 2_500; at += 500)
      await store.append(
        id,
        at,
        Array.from({ length: 500 }, (_, n) => added(at + n)),
      );
    const read = vi.spyOn(log, 'read');
    const versions: number[] = [];
    for await (const event of store.read(id, 10)) versions.push(event.version);
    expect(versions).toEqual(Array.from({ length: 2_490 }, (_, n) => n + 11));
    expect(read).toHaveBeenCalledTimes(3);
    const first = await store.read(id).next();
    expect(first.value).toEqual({ version: 1, type: 'added', data: { n: 0 }, at: 1_000 });
  });

  it('makes the state that it has led to', async () => {
    const store = storeOf();
    expect(await store.rebuild(id)).toEqual({ state: { total: 0 }, version: 0, replayed: 0 });
    await addAll(store, 1, 5);
    expect(await store.rebuild(id)).toEqual({ state: { total: 15 }, version: 5, replayed: 5 });
  });

  it('is refused to who missed something', async () => {
    const store = storeOf();
    await addAll(store, 1, 2);
    await expect(store.append(id, 1, [added(1)])).rejects.toMatchObject({
      reason: 'conflict',
      message: 'sum/42 is not of version 1 any more, but of version 2: read it again',
    });
  });
});

describe('snapshots', () => {
  it('are made every so many events, and replayed from', async () => {
    const store = storeOf();
    await addAll(store, 1, 23);
    expect(await log.loadSnapshot({ tenant: 'acme', aggregate: 'sum/42' })).toMatchObject({ version: 20 });
    reduce.mockClear();
    expect(await store.rebuild(id)).toEqual({ state: { total: 276 }, version: 23, replayed: 3 });
    expect(reduce).toHaveBeenCalledTimes(3);
  });

  it('are made too when several events at once pass the mark', async () => {
    const store = storeOf();
    await store.append(
      id,
      0,
      Array.from({ length: 25 }, (_, n) => added(n)),
    );
    expect(await log.loadSnapshot({ tenant: 'acme', aggregate: 'sum/42' })).toMatchObject({ version: 25 });
  });

  it('of another reducer are not used', async () => {
    await addAll(storeOf(), 1, 10);
    const twice = storeOf({
      reducerVersion: 2,
      reduce: ({ total }, { data }) => ({ total: total + 2 * (data as { n: number }).n }),
    });
    expect(await twice.rebuild(id)).toEqual({ state: { total: 110 }, version: 10, replayed: 10 });
  });

  it('that cannot be made harm nothing but speed, and are told of', async () => {
    const away = new StateError('unavailable', 'gone');
    vi.spyOn(log, 'saveSnapshot').mockRejectedValue(away);
    const store = storeOf();
    await addAll(store, 1, 10);
    expect(onWarning.mock.calls).toEqual([[away]]);
    expect(await store.rebuild(id)).toEqual({ state: { total: 55 }, version: 10, replayed: 10 });
  });

  it('are not the initial state itself: a reducer that changes it harms no other thing', async () => {
    const store = new EventStore<{ seen: string[] }>(
      {
        name: 'seen',
        initial: { seen: [] },
        reduce: (state, { type }) => {
          state.seen.push(type);
          return state;
        },
      },
      { log },
    );
    await store.append(id, 0, [added(1)]);
    await store.rebuild(id);
    expect((await store.rebuild(id)).state.seen).toEqual(['added']);
  });

  it.each([0, 1.5, -1])('cannot be made every %s events', (snapshotEvery) => {
    expect(() => storeOf({ snapshotEvery })).toThrow(
      `Event store sum: snapshotEvery: ${snapshotEvery} is not`,
    );
  });
});

it.each([
  [[], 'invalid', '1 to 1000 events can be appended at once, not 0'],
  [
    Array.from({ length: 1_001 }, () => added(1)),
    'invalid',
    '1 to 1000 events can be appended at once, not 1001',
  ],
  [[{ type: '', data: 1 }], 'invalid', 'The type of an event has 1 to 200 characters'],
  [[added(1), { type: 'big', data: 'x'.repeat(65_535) }], 'too_large', 'The data of "big" has 65537 bytes'],
])('events that cannot be kept are refused, all of them: %#', async (events, reason, message) => {
  const store = storeOf();
  await expect(store.append(id, 0, events)).rejects.toMatchObject({
    reason,
    message: expect.stringContaining(message),
  });
  expect((await store.rebuild(id)).version).toBe(0);
});

it.each(['x'.repeat(200), 'a\nb'])('a thing cannot be named %.10j', async (name) => {
  await expect(storeOf().append({ ...id, id: name }, 0, [added(1)])).rejects.toMatchObject({
    reason: 'invalid',
  });
});
