import { ANONYMOUS, type Principal } from '@millrace/protocol';
import { beforeEach, expect, test } from 'vitest';
import { TaskProgress } from './task-progress.ts';
import { TaskStore } from './task-store.ts';
import { TaskTable } from './task-table.ts';
import { aPlan, aQuestion } from './testing/tasks.ts';
import { useTestRedis } from './testing/test-redis.ts';

const redis = useTestRedis();
let store: TaskStore;
let progress: TaskProgress;

beforeEach(() => {
  const table = new TaskTable(redis.redis, redis.keys);
  store = new TaskStore(table);
  progress = new TaskProgress(table);
});

const RESULT = { kind: 'result', payload: '{"content":[]}' } as const;
const ERROR = { kind: 'error', payload: '{"code":-32603,"message":"no"}' } as const;

test('a task is found with what it ended with', async () => {
  await store.create(aPlan('t'));
  expect(await store.find('t', ANONYMOUS)).toMatchObject({ task: { id: 't', status: 'working' } });
  expect(await progress.settle('t', RESULT)).toBe('working');
  const found = await store.find('t', ANONYMOUS);
  expect(found).toMatchObject({ task: { status: 'completed' }, outcome: RESULT.payload });
});

test.each([
  ['of another id', { ...ANONYMOUS, id: 'eve' }],
  ['of another tenant', { ...ANONYMOUS, tenant: 'eve' }],
] as [string, Principal][])('to a principal %s there is no such task', async (_, eve) => {
  await store.create(aPlan('t'));
  await progress.ask('t', 'a', aQuestion('a'));
  expect(await store.find('t', eve)).toBeUndefined();
  expect(await store.cancel('t', eve)).toBeUndefined();
  expect(await store.answer('t', eve, { a: {} })).toBeUndefined();
  expect((await store.find('t', ANONYMOUS))?.task.status).toBe('input_required');
});

test('a task that is not there can be neither read nor changed, and is not made by trying', async () => {
  expect(await store.find('t', ANONYMOUS)).toBeUndefined();
  expect(await store.cancel('t', ANONYMOUS)).toBeUndefined();
  expect(await store.answer('t', ANONYMOUS, { a: {} })).toBeUndefined();
  await progress.describe('t', 'half way');
  expect(await progress.ask('t', 'a', aQuestion('a'))).toEqual({ kind: 'ended' });
  expect(await redis.redis.exists(redis.keys.task('t'))).toBe(0);
});

test('of many who end a task at the same time one wins, and all see the same end', async () => {
  await store.create(aPlan('t'));
  await Promise.all([
    ...Array.from({ length: 5 }, () => progress.settle('t', RESULT)),
    ...Array.from({ length: 5 }, () => progress.settle('t', ERROR)),
    ...Array.from({ length: 5 }, () => store.cancel('t', ANONYMOUS)),
  ]);
  const first = await store.find('t', ANONYMOUS);
  await progress.settle('t', RESULT);
  await store.cancel('t', ANONYMOUS);
  expect(await store.find('t', ANONYMOUS)).toEqual(first);
  const outcomes = { completed: RESULT.payload, failed: ERROR.payload, cancelled: undefined };
  expect(first?.outcome).toBe(outcomes[first?.task.status as keyof typeof outcomes]);
});

test('questions that are put at the same time are all there', async () => {
  await store.create(aPlan('t'));
  const keys = ['a', 'b', 'c', 'd'];
  await Promise.all(keys.map((key) => progress.ask('t', key, aQuestion(key))));
  const found = await store.find('t', ANONYMOUS);
  expect(Object.keys(found?.task.questions ?? {}).sort()).toEqual(keys);
});

test('an answer reaches the worker that waits, and one that asks again later', async () => {
  await store.create(aPlan('t'));
  expect(await progress.ask('t', 'a', aQuestion('a'))).toEqual({ kind: 'waiting' });
  expect(await progress.answerOf('t', 'a')).toBeUndefined();
  const answers = await store.answer('t', ANONYMOUS, { a: { action: 'accept' } });
  expect(answers).toEqual([{ answerTo: 'w-1/c-1/a', answer: { action: 'accept' } }]);
  expect(await progress.answerOf('t', 'a')).toEqual({ action: 'accept' });
  const again = await progress.ask('t', 'a', aQuestion('a'));
  expect(again).toEqual({ kind: 'answered', answer: { action: 'accept' } });
});

test('cancelling says whether there is work to stop', async () => {
  await store.create(aPlan('t'));
  expect(await store.cancel('t', ANONYMOUS)).toMatchObject({ stop: true, task: { call: 'call-of-t' } });
  expect(await store.cancel('t', ANONYMOUS)).toMatchObject({ stop: false });
  expect(await progress.standing('t')).toBe('ended');
  expect(await progress.settle('t', RESULT)).toBe('ended');
});

test('a call that ended as an ordinary one cannot become a task any more', async () => {
  expect(await progress.settle('t', RESULT)).toBe('ordinary');
  expect(await store.create(aPlan('t'))).toBeUndefined();
  expect(await store.find('t', ANONYMOUS)).toBeUndefined();
  expect(await redis.redis.pttl(redis.keys.task('t'))).toBeGreaterThan(0);
});

test('of a call that ends while it becomes a task, exactly one is true', async () => {
  for (let round = 0; round < 20; round += 1) {
    const id = `t-${round}`;
    const [task, standing] = await Promise.all([store.create(aPlan(id)), progress.settle(id, RESULT)]);
    expect(standing).toBe(task === undefined ? 'ordinary' : 'working');
  }
});

test('withdrawing keeps a call from becoming a task, but a task stays one', async () => {
  expect(await progress.withdraw('ordinary')).toBe('ordinary');
  expect(await store.create(aPlan('ordinary'))).toBeUndefined();
  await store.create(aPlan('task'));
  expect(await progress.withdraw('task')).toBe('working');
});

test('a task expires after its time to live, and its outcome a time to live after its end', async () => {
  const before = Date.now() - 800;
  await store.create(aPlan('t', { ttlMs: 1_000 }), before);
  expect(await redis.redis.pttl(redis.keys.task('t'))).toBeGreaterThan(1_000);
  await progress.settle('t', RESULT);
  const left = await redis.redis.pttl(redis.keys.task('t'));
  expect(left).toBeGreaterThan(900);
  expect(left).toBeLessThanOrEqual(1_000);
  const found = await store.find('t', ANONYMOUS);
  expect(found?.task.lifetimeMs).toBeGreaterThanOrEqual(1_800);
});

test('the cluster hears of each change of a task, and of nothing else', async () => {
  const listener = redis.redis.duplicate();
  const heard: unknown[] = [];
  listener.on('message', (_, message) => heard.push(JSON.parse(message)));
  await listener.subscribe(redis.keys.events);
  await store.create(aPlan('t'));
  await progress.describe('t', 'half way');
  await progress.settle('t', RESULT);
  await progress.settle('t', RESULT);
  await store.cancel('t', ANONYMOUS);
  await expect.poll(() => heard.length).toBe(2);
  expect(heard).toEqual([
    { kind: 'task', task: 't' },
    { kind: 'task', task: 't' },
  ]);
  listener.disconnect();
});
