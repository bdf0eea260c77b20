import { type Call, MillraceError } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { type Guard, refusalsOf } from './refusals.ts';

const aCall = (id: string, target: string): Call => ({
  id,
  target,
  method: 'tools/call',
  params: { name: target },
  revision: '2026-07-28',
  deadline: 0,
});

const denied = new MillraceError('permission_denied', 'no');

test('each call is judged by itself, at once or later, with what its target wants', async () => {
  const asked: unknown[] = [];
  const guard: Pick<Guard, 'refusal'> = {
    refusal: ({ target }, permissions) => {
      asked.push([target, permissions]);
      if (target === 'later') return Promise.resolve(denied);
      return target === 'no' ? denied : undefined;
    },
  };
  const calls = ['yes', 'no', 'later'].map((target, at) => aCall(`c-${at}`, target));
  const refusals = await refusalsOf(calls, guard, ({ target }) =>
    target === 'yes' ? ['admin:access'] : undefined,
  );
  expect([...refusals.keys()].map(({ target }) => target)).toEqual(['no', 'later']);
  expect(asked[0]).toEqual(['yes', ['admin:access']]);
});

test('two calls of the same id do not answer for each other', async () => {
  const guard: Pick<Guard, 'refusal'> = { refusal: ({ target }) => (target === 'no' ? denied : undefined) };
  const calls = [aCall('c', 'yes'), aCall('c', 'no')];
  const refusals = await refusalsOf(calls, guard, () => undefined);
  expect(calls.map((call) => refusals.has(call))).toEqual([false, true]);
});

test('a call of which it cannot be told whether it may run does not', async () => {
  const cause = new Error('Redis is away');
  const calls = [aCall('a', 'x'), aCall('b', 'y')];
  const throwing: Pick<Guard, 'refusal'> = {
    refusal: () => {
      throw cause;
    },
  };
  for (const guard of [throwing, { refusal: () => Promise.reject(cause) }]) {
    const refusals = await refusalsOf(calls, guard, () => undefined);
    expect([...refusals.values()]).toMatchObject([
      { kind: 'permission_denied', cause },
      { kind: 'permission_denied', cause },
    ]);
  }
});
