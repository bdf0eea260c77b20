import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Batcher, type BatchLimits, type Outgoing, split } from './batcher.ts';
import { aCall } from './testing/calls.ts';

const limits: BatchLimits = { calls: 4, bytes: 1_000, workMs: 50 };

function outgoing(id: string, { bytes = 10, workMs = 1 } = {}): Outgoing {
  return { call: aCall(id), bytes, workMs };
}

const ids = (batches: readonly (readonly Outgoing[])[]) =>
  batches.map((batch) => batch.map(({ call }) => call.id).join(''));

const cut = (calls: Outgoing[], busyAllowance = 1) => ids(split(calls, limits, busyAllowance));

test('nothing makes no batch', () => expect(cut([])).toEqual([]));

test('a batch holds so many calls at most, in their order', () => {
  expect(cut([...'abcdef'].map((id) => outgoing(id)))).toEqual(['abcd', 'ef']);
});

test('a batch holds so many bytes at most', () => {
  expect(cut([...'abc'].map((id) => outgoing(id, { bytes: 500 })))).toEqual(['ab', 'c']);
});

test('a call larger than that travels alone', () => {
  expect(cut([outgoing('a'), outgoing('b', { bytes: 5_000 }), outgoing('c')])).toEqual(['a', 'b', 'c']);
});

test('a batch holds so much expected work at most, so that slow calls spread over the workers', () => {
  expect(cut([...'abcd'].map((id) => outgoing(id, { workMs: 20 })))).toEqual(['ab', 'cd']);
  expect(cut([...'abc'].map((id) => outgoing(id, { workMs: 400 })))).toEqual(['a', 'b', 'c']);
});

test('when all workers are busy, slow calls may wait together, within the other bounds', () => {
  const slow = [...'abcdef'].map((id) => outgoing(id, { workMs: 400 }));
  expect(cut(slow, 3)).toEqual(['abc', 'def']);
  expect(cut(slow, 100)).toEqual(['abcd', 'ef']);
});

/** A queue whose additions are finished by hand. */
function slowQueue() {
  const sent: string[] = [];
  const adding: PromiseWithResolvers<void>[] = [];
  const send = (batch: readonly Outgoing[]) => {
    sent.push(...ids([batch]));
    adding.push(Promise.withResolvers<void>());
    return adding.at(-1)?.promise ?? Promise.resolve();
  };
  return { sent, send, added: (at: number) => adding[at]?.resolve() };
}

test('calls of one turn of the event loop leave together, without a timer', async () => {
  const { sent, send } = slowQueue();
  const batcher = new Batcher({ limits, busyAllowance: () => 1, send });
  for (const id of 'abc') batcher.add(outgoing(id));
  expect(sent).toEqual([]);
  await turn();
  expect(sent).toEqual(['abc']);
});

test('while batches are being added the next calls gather, and leave when one of those is', async () => {
  const { sent, send, added } = slowQueue();
  const batcher = new Batcher({ limits, busyAllowance: () => 1, send });
  for (const id of 'abcdefg') {
    batcher.add(outgoing(id));
    await turn();
  }
  const alone = sent.length;
  expect(sent).toEqual([...'abcdefg'].slice(0, alone));
  expect(alone).toBeLessThan(4);
  added(0);
  await turn();
  await turn();
  expect(sent[alone]).toBe('abcdefg'.slice(alone, alone + limits.calls));
});

test('after a pause it goes on as before', async () => {
  const { sent, send, added } = slowQueue();
  const batcher = new Batcher({ limits, busyAllowance: () => 1, send });
  batcher.add(outgoing('a'));
  await turn();
  added(0);
  await turn();
  batcher.add(outgoing('b'));
  await turn();
  expect(sent).toEqual(['a', 'b']);
});

test('the busy allowance is asked for when a batch leaves, not before', async () => {
  const { sent, send } = slowQueue();
  let allowance = 1;
  const batcher = new Batcher({ limits, busyAllowance: () => allowance, send });
  for (const id of 'ab') batcher.add(outgoing(id, { workMs: 400 }));
  allowance = 2;
  await turn();
  expect(sent).toEqual(['ab']);
});
