import { readBatch } from '@millrace/protocol';
import { Queue } from 'bullmq';
import { expect, test } from 'vitest';
import { DeadLetters, type NewDeadLetter } from './dead-letters.ts';
import { aCall } from './testing/calls.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();

function setUp() {
  const { redis, keys } = context;
  const letters = new DeadLetters(redis, keys);
  const add = (call: string, overrides: Partial<NewDeadLetter> = {}) =>
    letters.add({
      pool: 'default',
      call: aCall(call, { task: 't-1', session: 's-1' }),
      frontDoor: 'f-1',
      deaths: 3,
      reason: 'each worker that had it was lost',
      ...overrides,
    });
  const queued = async () => {
    const queue = new Queue(keys.queue('default'), { connection: redis, prefix: keys.prefix });
    return (await queue.getWaiting()).map(({ data }) => readBatch(data));
  };
  return { letters, add, queued };
}

test('a letter tells which call was given up, and why', async () => {
  const { letters, add } = setUp();
  const before = Date.now();
  const id = await add('a');
  const letter = await letters.get('default', id);
  expect(letter).toMatchObject({
    id,
    pool: 'default',
    call: { id: 'a', target: 'echo' },
    frontDoor: 'f-1',
    deaths: 3,
    reason: 'each worker that had it was lost',
  });
  expect(letter?.at).toBeGreaterThanOrEqual(before);
});

test('letters are listed by pool, the oldest first, page by page', async () => {
  const { letters, add } = setUp();
  for (const call of ['a', 'b', 'c']) await add(call);
  await add('elsewhere', { pool: 'other' });
  const first = await letters.list('default', 2);
  const second = await letters.list('default', 2, first.next);
  expect([first, second].map((page) => page.letters.map(({ call }) => call.id))).toEqual([['a', 'b'], ['c']]);
  expect(second.next).toBeUndefined();
  expect([await letters.count('default'), await letters.count('other')]).toEqual([3, 1]);
});

test('letters of one tenant are found among those of others, also page by page', async () => {
  const { letters, add } = setUp();
  const ids: string[] = [];
  for (const tenant of ['acme', 'other', 'other', 'acme', 'other', 'acme']) {
    ids.push(await add(tenant, { call: aCall(tenant, { principal: { id: 'ada', tenant } }) }));
  }
  await add('anonymous');
  const [one = '', other = '', , four, , six] = ids;
  const first = await letters.list('default', 2, undefined, 'acme');
  expect([first.letters.map(({ id }) => id), first.next]).toEqual([[one, four], six]);
  const second = await letters.list('default', 2, first.next, 'acme');
  expect([second.letters.map(({ id }) => id), second.next]).toEqual([[six], undefined]);
  expect((await letters.list('default', 10, undefined, 'default')).letters).toHaveLength(1);
  expect(await letters.get('default', one, 'acme')).toMatchObject({ id: one });
  expect(await letters.get('default', other, 'acme')).toBeUndefined();
});

test('a letter is removed once', async () => {
  const { letters, add } = setUp();
  const id = await add('a');
  expect([await letters.remove('default', id), await letters.remove('default', id)]).toEqual([true, false]);
  expect(await letters.get('default', id)).toBeUndefined();
});

test('what is no id names no letter', async () => {
  const { letters, add } = setUp();
  await add('a');
  for (const id of ['-', '+', 'x', '']) {
    expect([await letters.get('default', id), await letters.remove('default', id)]).toEqual([
      undefined,
      false,
    ]);
  }
  expect(await letters.count('default')).toBe(1);
});

test('a replayed call is a new one, with a deadline of its own, and belongs to nobody', async () => {
  const { letters, add, queued } = setUp();
  const id = await add('a');
  const call = await letters.replay('default', id, { timeoutMs: 5_000 });
  const [batch] = await queued();
  const [replayed] = batch?.calls ?? [];
  expect(batch?.calls).toEqual([expect.objectContaining({ id: call, target: 'echo' })]);
  expect(replayed).not.toHaveProperty('task');
  expect(replayed).not.toHaveProperty('session');
  expect(replayed?.deadline).toBeGreaterThan(Date.now() + 4_000);
  expect(await letters.count('default')).toBe(0);
});

test('of several who replay a letter at the same time, one does', async () => {
  const { letters, add, queued } = setUp();
  const id = await add('a');
  const replays = Array.from({ length: 5 }, () => letters.replay('default', id, { timeoutMs: 5_000 }));
  expect((await Promise.all(replays)).filter((call) => call !== undefined)).toHaveLength(1);
  expect(await queued()).toHaveLength(1);
});

test('what is not there cannot be replayed', async () => {
  const { letters, queued } = setUp();
  expect(await letters.replay('default', '1-1', { timeoutMs: 5_000 })).toBeUndefined();
  expect(await queued()).toEqual([]);
});
