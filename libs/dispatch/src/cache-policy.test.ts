import type { SharedEntry } from '@millrace/broker';
import { toolPoliciesSchema } from '@millrace/protocol';
import { MemoryCache } from '@millrace/resilience';
import { createLogger, createMetrics } from '@millrace/service';
import { beforeEach, expect, test, vi } from 'vitest';
import { CachePolicy } from './cache-policy.ts';
import type { Passage } from './call-policies.ts';
import type { Route } from './router.ts';
import { aRequest, RecordingAnswer } from './testing/requests.ts';

const MISS: SharedEntry = { ttlMs: 0, generations: 'g' };
const RESULT = '{"content":[]}';

let hears = true;
let alone = false;
let now = 1_000;
const read = vi.fn(async (): Promise<SharedEntry> => MISS);
const store = vi.fn(async () => true);

function setUp(cache: object = {}) {
  const memory = new MemoryCache({ maxBytes: 10_000, maxEntries: 10, maxEntryBytes: 1_000, now: () => now });
  const policy = new CachePolicy({
    memory,
    shared: { read, store },
    hears: () => hears,
    alone: () => alone,
    metrics: createMetrics(),
    logger: createLogger({ name: 'test', level: 'silent' }),
    now: () => now,
  });
  const policies = toolPoliciesSchema.parse({ cache: { ttlMs: 500, tags: ['users'], ...cache } });
  const route: Route = { pool: 'default', target: 't', idempotent: true, isTool: true, policies };
  /** Makes a call whose result is given by the test. */
  const call = async (overrides: Partial<Passage> = {}) => {
    const answer = new RecordingAnswer();
    const request = aRequest('tools/call', { name: 't', arguments: { id: 1 } });
    let further: Passage | undefined;
    await policy.pass({ request, route, answer, ...overrides }, (passage) => {
      further = passage;
    });
    return { answer, further };
  };
  return { policy, memory, call };
}

beforeEach(() => {
  hears = true;
  alone = false;
  now = 1_000;
  read.mockClear().mockResolvedValue(MISS);
  store.mockClear();
});

test('what is not kept goes on; its result is kept in memory and for others', async () => {
  const { call, memory } = setUp();
  const first = await call();
  first.further?.answer.result(RESULT);
  expect(first.answer.said).toEqual([`result ${RESULT}`]);
  const kept = { generations: 'g', tags: ['users'], ttlMs: 500 };
  expect(store).toHaveBeenCalledExactlyOnceWith(expect.any(String), RESULT, expect.objectContaining(kept));
  const second = await call();
  expect(second.further).toBeUndefined();
  expect(second.answer.said).toEqual([`result ${RESULT}`]);
  expect(read).toHaveBeenCalledTimes(1);
  expect(memory.size).toBe(1);
});

test('what Redis has is given, and kept in memory for the time that is left', async () => {
  read.mockResolvedValueOnce({ text: RESULT, ttlMs: 100, generations: 'g' });
  const { call } = setUp();
  const { further, answer } = await call();
  expect([further, answer.said]).toEqual([undefined, [`result ${RESULT}`]]);
  now = 1_099;
  expect((await call()).further).toBeUndefined();
  now = 1_100;
  expect((await call()).further).toBeDefined();
});

test.each([
  ['an error of the tool', '{"content":[],"isError":true}'],
  ['a question', '{"resultType":"input_required"}'],
])('%s is passed on and not kept', async (_, payload) => {
  const { call, memory } = setUp();
  const { answer, further } = await call();
  further?.answer.result(payload);
  expect(answer.said).toEqual([`result ${payload}`]);
  expect([memory.size, store.mock.calls.length]).toEqual([0, 0]);
});

test('a call that followed another one keeps nothing: it does not know when that began', async () => {
  const { call, memory } = setUp();
  const { further } = await call();
  further?.answer.follows?.();
  further?.answer.result(RESULT);
  expect([memory.size, store.mock.calls.length]).toEqual([0, 0]);
});

test('what came of a question to the client is kept for nobody', async () => {
  const { call, memory } = setUp();
  const { answer, further } = await call();
  further?.answer.serverRequest('{"method":"elicitation/create"}');
  further?.answer.result(RESULT);
  expect(answer.said).toEqual(['request {"method":"elicitation/create"}', `result ${RESULT}`]);
  expect(memory.size).toBe(0);
  expect(store).not.toHaveBeenCalled();
});

test('who looks again finds what was kept since its first look: here, or elsewhere', async () => {
  const { call, memory } = setUp();
  const [{ further }, other] = [await call(), await call()];
  expect(await further?.lookAgain?.()).toBeUndefined();
  other.further?.answer.result(RESULT);
  expect(await further?.lookAgain?.()).toBe(RESULT);
  memory.clear();
  read.mockResolvedValueOnce({ text: RESULT, ttlMs: 100, generations: 'g' });
  expect(await further?.lookAgain?.()).toBe(RESULT);
  further?.answer.follows?.();
  further?.answer.result(RESULT);
  expect(store).toHaveBeenCalledTimes(1);
});

test('where there is no other front door nobody asks Redis twice', async () => {
  const { further } = await setUp().call();
  alone = true;
  expect(further?.lookAgain?.()).toBeUndefined();
  expect(read).toHaveBeenCalledTimes(1);
});

test('what was begun before an invalidation is not kept after it', async () => {
  const { call, policy, memory } = setUp();
  const [{ further }, other] = [await call(), await call()];
  policy.invalidated(['orders']);
  other.further?.answer.result(RESULT);
  expect(memory.size).toBe(1);
  policy.invalidated(['users']);
  expect(memory.size).toBe(0);
  further?.answer.result(RESULT);
  expect(memory.size).toBe(0);
});

test('what Redis gave is not kept when an invalidation was heard meanwhile', async () => {
  const { call, policy, memory } = setUp();
  const answer = Promise.withResolvers<SharedEntry>();
  read.mockReturnValueOnce(answer.promise);
  const calling = call();
  policy.invalidated(['users']);
  answer.resolve({ text: RESULT, ttlMs: 100, generations: 'g' });
  await calling;
  expect(memory.size).toBe(0);
});

test('who does not hear of invalidations gives nothing from memory that has tags, and keeps none', async () => {
  const { call, memory } = setUp();
  (await call()).further?.answer.result(RESULT);
  hears = false;
  expect((await call()).further).toBeDefined();
  expect(read).toHaveBeenCalledTimes(2);
  memory.clear();
  (await call()).further?.answer.result(RESULT);
  expect(memory.size).toBe(0);
});

test('what has no tags is given from memory all the same', async () => {
  const { call } = setUp({ tags: [] });
  (await call()).further?.answer.result(RESULT);
  hears = false;
  expect((await call()).further).toBeUndefined();
});

test('when invalidations may have been missed, all that has tags goes', async () => {
  const { call, policy, memory } = setUp();
  const { further } = await call();
  (await call()).further?.answer.result(RESULT);
  policy.missed();
  expect(memory.size).toBe(0);
  further?.answer.result(RESULT);
  expect(memory.size).toBe(0);
});

test('with Redis away a call goes on; only what cannot be invalidated is kept', async () => {
  read.mockRejectedValue(new Error('away'));
  const tagged = setUp();
  (await tagged.call()).further?.answer.result(RESULT);
  const untagged = setUp({ tags: [] });
  (await untagged.call()).further?.answer.result(RESULT);
  expect([tagged.memory.size, untagged.memory.size, store.mock.calls.length]).toEqual([0, 1, 0]);
});

test('with Redis slow a call does not wait for long', async () => {
  read.mockReturnValue(new Promise(() => undefined));
  expect((await setUp().call()).further).toBeDefined();
});

test('a call with an idempotency key, or one that becomes a task, is none of its business', async () => {
  const { call } = setUp();
  const idempotency = { record: 'r', digest: 'd', owner: 'o', ttlMs: 1 };
  const { further } = await call({ idempotency });
  expect(further?.idempotency).toBe(idempotency);
  expect(read).not.toHaveBeenCalled();
});

test('a refusal further on is passed on', async () => {
  const { policy } = setUp();
  const refusal = new Error('refused');
  const policies = toolPoliciesSchema.parse({ cache: { ttlMs: 1, tags: ['a'] } });
  const route: Route = { pool: 'default', target: 't', idempotent: true, isTool: true, policies };
  const passage = { request: aRequest('tools/call', { name: 't' }), route, answer: new RecordingAnswer() };
  const passing = policy.pass(passage, () => {
    throw refusal;
  });
  await expect(passing).rejects.toBe(refusal);
});
