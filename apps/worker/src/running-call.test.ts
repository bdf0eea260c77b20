import { MillraceError } from '@millrace/protocol';
import { expect, test } from 'vitest';
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
