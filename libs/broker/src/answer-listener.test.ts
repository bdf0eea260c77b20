import { afterEach, expect, test } from 'vitest';
import { AnswerListener } from './answer-listener.ts';
import { AnswerSender, type ClientAnswer } from './answer-sender.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const listeners: AnswerListener[] = [];

afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.stop();
});

async function listen(worker: string, onAnswer: (answer: ClientAnswer) => void): Promise<void> {
  const listener = new AnswerListener({ source: context.source, keys: context.keys, worker, onAnswer });
  listeners.push(listener);
  await listener.start();
}

test('an answer reaches the worker that asked, and no other', async () => {
  const mine = Promise.withResolvers<ClientAnswer>();
  const others: ClientAnswer[] = [];
  await listen('w-1', mine.resolve);
  await listen('w-2', (answer) => void others.push(answer));
  const answer = { id: 'w-1/f.7/1', result: { action: 'accept' } };
  expect(await new AnswerSender(context.redis, context.keys).send(answer)).toBe(true);
  expect(await mine.promise).toEqual(answer);
  expect(others).toEqual([]);
});

test('the sender knows when the worker is gone', async () => {
  expect(await new AnswerSender(context.redis, context.keys).send({ id: 'w-9/f.7/1' })).toBe(false);
});

test('what cannot be handled costs later answers nothing', async () => {
  const heard = Promise.withResolvers<ClientAnswer>();
  await listen('w-1', (answer) => {
    if (answer.id === 'w-1/bad/1') throw new Error('broken');
    heard.resolve(answer);
  });
  await context.redis.publish(context.keys.workerChannel('w-1'), 'no JSON');
  const sender = new AnswerSender(context.redis, context.keys);
  await sender.send({ id: 'w-1/bad/1' });
  await sender.send({ id: 'w-1/good/1' });
  expect((await heard.promise).id).toBe('w-1/good/1');
});
