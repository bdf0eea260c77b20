import { MillraceError } from '@millrace/protocol';
import { Slots } from '@millrace/resilience';
import { expect, test } from 'vitest';
import { HeldSlot } from './held-slot.ts';
import { aRunningCall } from './testing/running.ts';

const cancelled = new MillraceError('cancelled', 'The call was cancelled');

test('notifications go out as whole JSON-RPC messages', () => {
  const { running, frames } = aRunningCall();
  running.notify('notifications/progress', { progress: 1 });
  expect(frames).toEqual([
    {
      call: 'c-1',
      kind: 'notification',
      payload: '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}',
    },
  ]);
});

test('it ends once; whatever comes later is dropped', () => {
  const { running, frames } = aRunningCall();
  running.end('result', '{}', 5);
  running.end('error', '{}', 6);
  running.notify('notifications/progress', {});
  expect(frames).toEqual([{ call: 'c-1', kind: 'result', payload: '{}', runMs: 5 }]);
});

test('an abort reaches a signal that was asked for before', () => {
  const { running } = aRunningCall();
  const { signal } = running;
  running.abort(cancelled);
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toBe(cancelled);
});

test('an abort reaches a signal that is asked for later', () => {
  const { running } = aRunningCall();
  running.abort(cancelled);
  expect(running.signal.aborted).toBe(true);
  expect(running.signal.reason).toBe(cancelled);
});

test('the first reason to abort stays', () => {
  const { running } = aRunningCall();
  running.abort(cancelled);
  running.abort(new Error('second'));
  expect(running.abortReason).toBe(cancelled);
});

test('an aborted call sends no notifications, but still its end', () => {
  const { running, frames } = aRunningCall();
  running.abort(cancelled);
  running.notify('notifications/progress', {});
  running.end('error', '{}', 1);
  expect(frames.map(({ kind }) => kind)).toEqual(['error']);
});

test('a call that ended cannot be aborted', () => {
  const { running } = aRunningCall();
  const { signal } = running;
  running.end('result', '{}', 1);
  running.abort(cancelled);
  expect([running.aborted, signal.aborted]).toEqual([false, false]);
});

test('a request goes out as a whole JSON-RPC message, and its answer comes back', async () => {
  const { running, frames } = aRunningCall();
  const asked = running.request('roots/list', {}, 'input-1');
  expect(frames).toEqual([
    {
      call: 'c-1',
      kind: 'request',
      payload: '{"jsonrpc":"2.0","id":"w-1/c-1/1","method":"roots/list","params":{}}',
    },
  ]);
  expect(running.answer({ id: 'w-1/c-1/1', result: { roots: [] } })).toBe(true);
  expect(await asked).toEqual({ roots: [] });
});

test('a request fails with the reason for which its call is stopped', async () => {
  const { running } = aRunningCall();
  const asked = running.request('roots/list', {}, 'input-1');
  running.abort(cancelled);
  await expect(asked).rejects.toBe(cancelled);
  await expect(running.request('roots/list', {}, 'input-2')).rejects.toBe(cancelled);
  expect(running.answer({ id: 'w-1/c-1/1', result: {} })).toBe(false);
});

test('a call that ended asks nothing, and waits for no answer', async () => {
  const { running, frames } = aRunningCall();
  const asked = running.request('roots/list', {}, 'input-1');
  running.end('result', '{}', 1);
  await expect(asked).rejects.toThrow('has ended');
  await expect(running.request('roots/list', {}, 'input-2')).rejects.toThrow('has ended');
  expect(frames.map(({ kind }) => kind)).toEqual(['request', 'result']);
});

test('who wants to know is told that the call has to stop, also when it was told before', () => {
  const { running } = aRunningCall();
  const told: string[] = [];
  const forget = running.onAbort(() => void told.push('forgotten'));
  running.onAbort(() => void told.push('waiting'));
  forget();
  running.abort(cancelled);
  running.onAbort(() => void told.push('late'));
  expect(told).toEqual(['waiting', 'late']);
});

test('work is waited for, but not when the call has to stop', async () => {
  const { running } = aRunningCall();
  const ended = (reason: Error) => reason.message;
  expect(await running.untilAborted(Promise.resolve('done'), ended)).toBe('done');
  await expect(running.untilAborted(Promise.reject(new Error('failed')), ended)).rejects.toThrow('failed');
  const never = running.untilAborted(new Promise<string>(() => undefined), ended);
  running.abort(cancelled);
  expect(await never).toBe('The call was cancelled');
});

test('a pause ends when its time is up, or when the call has to stop', async () => {
  const { running } = aRunningCall();
  expect(await running.pauseFor(1)).toBe(true);
  const long = running.pauseFor(60_000);
  running.abort(cancelled);
  expect(await long).toBe(false);
});

test('during a pause others have the slot', async () => {
  const { running } = aRunningCall();
  const slots = new Slots(1);
  slots.tryTake();
  running.slot = new HeldSlot(slots, () => undefined);
  const pause = running.pauseFor(1);
  expect(slots.free).toBe(1);
  await pause;
  expect(slots.free).toBe(0);
});

test('a call that is abandoned stops, and says nothing of it', () => {
  const { running, frames } = aRunningCall();
  const { signal } = running;
  running.abandon(cancelled);
  running.end('error', '{}', 1);
  expect([signal.aborted, frames]).toEqual([true, []]);
});
