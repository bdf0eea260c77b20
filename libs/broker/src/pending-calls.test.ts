import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PendingCalls } from './pending-calls.ts';
import { Answer, aCall, aResult } from './testing/calls.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000 }));
afterEach(() => void vi.useRealTimers());

function pendingCalls() {
  const expired: string[] = [];
  const settled: string[] = [];
  const pending = new PendingCalls({
    onExpired: ({ call }) => void expired.push(call.id),
    onSettled: ({ call }, frame) => void settled.push(`${call.id} ${frame?.kind ?? 'forgotten'}`),
  });
  const add = (id: string, deadline = 2_000, idempotent = true) => {
    const answer = new Answer();
    const call = aCall(id, { deadline });
    pending.add({ call, pool: 'default', idempotent, bytes: 10, listener: answer.listener });
    return answer;
  };
  return { pending, expired, settled, add };
}

test('a call gets its notifications and then its result', () => {
  const { pending, add, settled } = pendingCalls();
  const answer = add('a');
  pending.receive({ call: 'a', kind: 'notification', payload: 'half' });
  pending.receive(aResult('a', 'whole'));
  expect(answer.frames).toEqual(['half', 'whole']);
  expect(settled).toEqual(['a result']);
});

test('after the first terminal frame everything else is dropped', () => {
  const { pending, add, settled } = pendingCalls();
  const answer = add('a');
  pending.receive(aResult('a', 'first'));
  pending.receive(aResult('a', 'second'));
  pending.receive({ call: 'a', kind: 'notification', payload: 'late' });
  expect(answer.frames).toEqual(['first']);
  expect(settled).toHaveLength(1);
});

test('a frame of a call that is not ours is dropped', () => {
  const { pending, add } = pendingCalls();
  const answer = add('a');
  pending.receive(aResult('b'));
  expect(answer.frames).toEqual([]);
});

test('an answered call leaves neither entry nor timer', () => {
  const { pending, add } = pendingCalls();
  add('a');
  pending.receive(aResult('a'));
  expect([pending.size, pending.has('a'), vi.getTimerCount()]).toEqual([0, false, 0]);
});

test('at its deadline a call ends by itself, and its work is stopped', async () => {
  const { pending, add, expired, settled } = pendingCalls();
  const answer = add('a');
  vi.advanceTimersByTime(1_000);
  expect(await answer.errorName()).toBe('deadline_exceeded');
  expect(expired).toEqual(['a']);
  expect(settled).toEqual(['a error']);
  pending.receive(aResult('a'));
  expect(answer.frames).toHaveLength(1);
});

test('a deadline beyond the longest timer does not end the call at once', () => {
  const { add } = pendingCalls();
  const answer = add('a', Number.MAX_SAFE_INTEGER);
  vi.advanceTimersByTime(60_000);
  expect(answer.frames).toEqual([]);
});

test('a forgotten call hears nothing more', () => {
  const { pending, add, settled } = pendingCalls();
  const answer = add('a');
  expect(pending.forget('a')?.call.id).toBe('a');
  expect(pending.forget('a')).toBeUndefined();
  pending.receive(aResult('a'));
  vi.advanceTimersByTime(5_000);
  expect(answer.frames).toEqual([]);
  expect(settled).toEqual(['a forgotten']);
});

test('all that wait can be ended at once', async () => {
  const { pending, add } = pendingCalls();
  const answers = [add('a'), add('b')];
  pending.failAll('shutting_down', 'bye');
  expect(await Promise.all(answers.map((answer) => answer.errorName()))).toEqual([
    'shutting_down',
    'shutting_down',
  ]);
  expect([pending.size, vi.getTimerCount()]).toEqual([0, 0]);
});

test('whoever gives up a call that must not run twice is not told to make it again', async () => {
  const { pending, add } = pendingCalls();
  const retryable = async (answer: Answer) => JSON.parse((await answer.end).payload).data.retryable;
  const late = [add('a'), add('b', 2_000, false)];
  vi.advanceTimersByTime(1_000);
  const stopped = [add('c', 9_000), add('d', 9_000, false)];
  pending.failAll('shutting_down', 'bye');
  expect(await Promise.all([...late, ...stopped].map(retryable))).toEqual([true, false, true, false]);
});
