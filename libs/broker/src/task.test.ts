import { expect, test } from 'vitest';
import {
  answerQuestions,
  askQuestion,
  beginTask,
  cancelTask,
  describeProgress,
  settleTask,
  type Task,
} from './task.ts';
import { aPlan, aQuestion } from './testing/tasks.ts';

const YES = { action: 'accept' };

function asked(...keys: string[]): Task {
  return keys.reduce((task, key) => askQuestion(task, key, aQuestion(key), 10), beginTask(aPlan('t'), 0));
}

test('a task works, waits for all answers to its questions, and works again', () => {
  expect(beginTask(aPlan('t'), 0).status).toBe('working');
  const waiting = asked('a', 'b');
  expect(waiting).toMatchObject({ status: 'input_required', updatedAt: 10 });
  const [half, first] = answerQuestions(waiting, { a: YES }, 20);
  expect(half.status).toBe('input_required');
  expect(Object.keys(half.questions)).toEqual(['b']);
  expect(first).toEqual([{ answerTo: 'w-1/c-1/a', answer: YES }]);
  const [whole] = answerQuestions(half, { b: YES }, 30);
  expect(whole).toMatchObject({
    status: 'working',
    questions: {},
    answers: { a: YES, b: YES },
    updatedAt: 30,
  });
});

test.each([
  ['to a question that was never put', { c: YES }],
  ['to a question that was answered before', { done: YES }],
  ['that is no object', { a: 'yes' }],
  ['named like a member of every object', { constructor: YES, toString: YES }],
  ['with the name that sets a prototype', JSON.parse('{"__proto__":{"action":"accept"}}')],
])('an answer %s is ignored', (_, responses) => {
  const [task] = answerQuestions(asked('a', 'done'), { done: YES }, 20);
  expect(answerQuestions(task, responses, 30)).toEqual([task, []]);
});

test('a second run that asks the same finds the answer of the first', () => {
  const [task] = answerQuestions(asked('a'), { a: YES }, 20);
  expect(askQuestion(task, 'a', aQuestion('a'), 30)).toBe(task);
});

test('a second run that asks what nobody has answered takes the answer instead of the first', () => {
  const again = askQuestion(asked('a'), 'a', { ...aQuestion('a'), answerTo: 'w-2/c-1/a' }, 20);
  expect(answerQuestions(again, { a: YES }, 30)[1]).toEqual([{ answerTo: 'w-2/c-1/a', answer: YES }]);
});

test.each([
  ['completed', settleTask(asked('a'), { kind: 'result', payload: '{}' }, 50)],
  ['failed', settleTask(asked('a'), { kind: 'error', payload: '{"message":"no"}' }, 50)],
  ['cancelled', cancelTask(asked('a'), 50)],
])('a task that has %s never changes again', (status, task) => {
  expect(task).toMatchObject({ status, questions: {}, updatedAt: 50 });
  const changes = [
    settleTask(task, { kind: 'result', payload: '{}' }, 60),
    settleTask(task, { kind: 'error', payload: '{"message":"late"}' }, 60),
    cancelTask(task, 60),
    askQuestion(task, 'b', aQuestion('b'), 60),
    describeProgress(task, 'late', 60),
    answerQuestions(task, { a: YES }, 60)[0],
  ];
  for (const changed of changes) expect(changed).toBe(task);
});

test('a task that failed says why', () => {
  const task = settleTask(asked(), { kind: 'error', payload: '{"code":-1,"message":"on fire"}' }, 50);
  expect(task.statusMessage).toBe('on fire');
});

test('the time to keep a task begins anew when it ends', () => {
  const task = beginTask(aPlan('t', { ttlMs: 1_000 }), 0);
  expect(task.lifetimeMs).toBe(1_000);
  expect(settleTask(task, { kind: 'result', payload: '{}' }, 900).lifetimeMs).toBe(1_900);
});
