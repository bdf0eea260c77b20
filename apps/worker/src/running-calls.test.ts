import { MillraceError } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { RunningCalls } from './running-calls.ts';
import { aRunningCall } from './testing/running.ts';

test('a call that runs is stopped when it is cancelled', () => {
  const calls = new RunningCalls();
  const { running } = aRunningCall();
  expect(calls.begin(running)).toBe(true);
  calls.cancel('c-1');
  expect(running.signal.reason).toMatchObject({ kind: 'cancelled' });
});

test('a call that was cancelled before it came is not begun, once', () => {
  const calls = new RunningCalls();
  calls.cancel('c-1');
  expect(calls.begin(aRunningCall().running)).toBe(false);
  expect(calls.begin(aRunningCall().running)).toBe(true);
});

test('a call that ended leaves nothing behind', () => {
  const calls = new RunningCalls();
  const { running } = aRunningCall();
  calls.begin(running);
  calls.end(running);
  expect(calls.size).toBe(0);
});

test('all can be stopped at once; what was stopped before is not counted', () => {
  const calls = new RunningCalls();
  const both = ['c-1', 'c-2'].map((id) => aRunningCall({ id }).running);
  for (const running of both) calls.begin(running);
  calls.cancel('c-1');
  expect(calls.abortAll(new MillraceError('shutting_down', 'bye'))).toBe(1);
  expect(both.map(({ aborted }) => aborted)).toEqual([true, true]);
});

test('of cancelled calls that never come the oldest are forgotten', () => {
  const calls = new RunningCalls();
  for (let call = 0; call <= 10_000; call++) calls.cancel(`c-${call}`);
  expect(calls.begin(aRunningCall({ id: 'c-0' }).running)).toBe(true);
  expect(calls.begin(aRunningCall({ id: 'c-10000' }).running)).toBe(false);
});

test('the answer of a client reaches the call that asked; one for a call that ended is told', async () => {
  const calls = new RunningCalls();
  const { running } = aRunningCall();
  calls.begin(running);
  const asked = running.request('roots/list', {}, 'input-1');
  expect(calls.answer({ id: 'w-1/c-2/1', result: {} })).toBe(false);
  expect(calls.answer({ id: 'w-1/c-1/1', result: { roots: [] } })).toBe(true);
  expect(await asked).toEqual({ roots: [] });
  calls.end(running);
  expect(calls.answer({ id: 'w-1/c-1/1', result: {} })).toBe(false);
});

test('a call that was lost and came back here is not forgotten when the first run of it ends', () => {
  const calls = new RunningCalls();
  const [first, second] = [aRunningCall().running, aRunningCall().running];
  calls.begin(first);
  calls.begin(second);
  calls.end(first);
  expect(calls.size).toBe(1);
  calls.cancel('c-1');
  expect(second.aborted).toBe(true);
});

test('it knows which calls run for which front door', () => {
  const calls = new RunningCalls();
  const [here, there] = [aRunningCall({ id: 'a' }).running, aRunningCall({ id: 'b' }).running];
  calls.begin(here, 'f-1');
  calls.begin(there, 'f-2');
  expect([...calls.frontDoors()]).toEqual(['f-1', 'f-2']);
  expect(calls.of('f-2')).toEqual([there]);
});

test('who waits for the calls that run is not kept waiting by later ones', async () => {
  const calls = new RunningCalls();
  await calls.settled();
  const { running } = aRunningCall();
  calls.begin(running);
  let settled = false;
  const settling = calls.settled().then(() => {
    settled = true;
  });
  await Promise.resolve();
  expect(settled).toBe(false);
  const later = aRunningCall({ id: 'later' }).running;
  calls.begin(later);
  calls.end(running);
  await settling;
  expect(calls.size).toBe(1);
});
