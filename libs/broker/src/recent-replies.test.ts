import { expect, test } from 'vitest';
import { RecentReplies } from './recent-replies.ts';

let now = 0;

test('each front door finds its own messages, in their order', () => {
  const recent = new RecentReplies(() => now);
  recent.keep('a', '1');
  recent.keep('b', '2');
  recent.keep('a', '3');
  expect([recent.of('a'), recent.of('b'), recent.of('c')]).toEqual([['1', '3'], ['2'], []]);
});

test('after ten seconds a message is forgotten', () => {
  const recent = new RecentReplies(() => now);
  recent.keep('a', 'old');
  now += 9_999;
  recent.keep('a', 'new');
  expect(recent.of('a')).toEqual(['old', 'new']);
  now += 1;
  expect(recent.of('a')).toEqual(['new']);
});

test('what is kept together is bounded: the oldest goes first', () => {
  const recent = new RecentReplies(() => now);
  for (let n = 0; n < 20; n += 1) recent.keep('a', `${n}`.padEnd(100_000));
  expect(recent.of('a').map((message) => message.trim())).toEqual(
    Array.from({ length: 10 }, (_, n) => `${n + 10}`),
  );
});

test('messages come back as they were, also those that are larger than a page', () => {
  const recent = new RecentReplies(() => now);
  const messages = ['Grüße 𝄞 🙂', 'x'.repeat(700_000), '€'.repeat(170_000), 'after'];
  for (const message of messages) recent.keep('a', message);
  expect(recent.of('a')).toEqual(messages.slice(1));
});
