import { ClientError } from '@millrace/toolkit';
import { expect, test } from 'vitest';
import { ClientRequests, callOf } from './client-requests.ts';

test('each answer finds its request', async () => {
  const requests = new ClientRequests('w-1/f-1.7');
  const [first, second] = [requests.open(), requests.open()];
  expect([first.id, second.id]).toEqual(['w-1/f-1.7/1', 'w-1/f-1.7/2']);
  expect(requests.settle({ id: second.id, result: { roots: [] } })).toBe(true);
  expect(requests.settle({ id: first.id, result: { action: 'accept' } })).toBe(true);
  expect(await Promise.all([first.answer, second.answer])).toEqual([{ action: 'accept' }, { roots: [] }]);
});

test('an error of the client keeps its code, message and data', async () => {
  const requests = new ClientRequests('w-1/c');
  const { id, answer } = requests.open();
  requests.settle({ id, error: { code: -1, message: 'User rejected', data: { by: 'Ada' } } });
  const error = await answer.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ClientError);
  expect(error).toMatchObject({ code: -1, message: 'User rejected', data: { by: 'Ada' } });
});

test.each([{}, { result: 'text' }, { result: null }, { error: 'no' }])(
  'an answer that is none makes the request fail: %j',
  async (answered) => {
    const requests = new ClientRequests('w-1/c');
    const { id, answer } = requests.open();
    requests.settle({ id, ...answered });
    await expect(answer).rejects.toThrow('neither a result nor an error');
  },
);

test('an answer that nobody waits for, or waits for no more, is told', async () => {
  const requests = new ClientRequests('w-1/c');
  const { id, answer } = requests.open();
  expect(requests.settle({ id: 'w-1/c/9', result: {} })).toBe(false);
  requests.settle({ id, result: {} });
  expect(requests.settle({ id, result: {} })).toBe(false);
  expect(await answer).toEqual({});
});

test('all can fail at once', async () => {
  const requests = new ClientRequests('w-1/c');
  const open = [requests.open(), requests.open()];
  const reason = new Error('over');
  requests.failAll(reason);
  for (const { answer } of open) await expect(answer).rejects.toBe(reason);
});

test('the id of a request tells its call, also one with a slash', () => {
  expect(callOf('w-1/f-1.7/12')).toBe('f-1.7');
  expect(callOf('w-1/a/b/12')).toBe('a/b');
});
