import type { Frame } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { LostAnswers } from './lost-answers.ts';

/** The answers that are stored. */
function setUp(...frames: Frame[]) {
  return new LostAnswers({ take: async (calls) => frames.filter(({ call }) => calls.includes(call)) });
}

const find = async (lost: LostAnswers, deadline: number, request: string | number = 7) => {
  const text = await lost.find({ call: 'c', request, deadline });
  return text === undefined ? undefined : JSON.parse(text);
};
const LATER = Date.now() + 60_000;

test.each(['result', 'error'] as const)('a stored %s becomes the response to its request', async (kind) => {
  const lost = setUp({ call: 'c', kind, payload: '{"a":1}', runMs: 1 });
  expect(await find(lost, LATER)).toEqual({ jsonrpc: '2.0', id: 7, [kind]: { a: 1 } });
  expect(await find(lost, LATER, 'x')).toEqual({ jsonrpc: '2.0', id: 'x', [kind]: { a: 1 } });
});

test('until its deadline, and a little longer, a call is waited for', async () => {
  const lost = setUp({ call: 'other', kind: 'result', payload: '{}', runMs: 1 });
  expect(await find(lost, LATER)).toBeUndefined();
  expect(await find(lost, Date.now() - 10)).toBeUndefined();
});

test('past that there will be no answer, which is an error', async () => {
  expect(await find(setUp(), Date.now() - 2_000)).toMatchObject({
    id: 7,
    error: { code: -32_001, data: { name: 'deadline_exceeded', requestId: 'c' } },
  });
});

test('an answer that came in time counts, however late it is found', async () => {
  const lost = setUp({ call: 'c', kind: 'result', payload: '{}', runMs: 1 });
  expect(await find(lost, Date.now() - 100_000)).toEqual({ jsonrpc: '2.0', id: 7, result: {} });
});
