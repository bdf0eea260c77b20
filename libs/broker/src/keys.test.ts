import { expect, test } from 'vitest';
import { Keys } from './keys.ts';

const keys = new Keys('millrace');

test('everything lies below the prefix, and no two things share a name', () => {
  const names = [
    keys.replies('x'),
    keys.storedReply('x'),
    keys.claim('x'),
    keys.finished('x'),
    keys.cancellations('x'),
    keys.workers,
    keys.worker('x'),
    keys.offers,
    keys.offer('x'),
    keys.catalogueChanges,
  ];
  expect(names.every((name) => name.startsWith('millrace:'))).toBe(true);
  expect(new Set(names).size).toBe(names.length);
});

test('braces keep the keys of a queue in one slot of a cluster', () => {
  expect(keys.queue('images')).toBe('{images}');
});

test('what of a batch is done is kept in the slot of its queue, whatever the names of pool and job', () => {
  const keys = new Keys('m');
  expect(keys.finished('default.12')).toBe('m:finished:{default}.12');
  expect(keys.finished('a.7.12')).toBe('m:finished:{a.7}.12');
  expect(keys.finished('a.7.apart-f-1.2')).toBe('m:finished:{a.7}.apart-f-1.2');
  expect(keys.finished('a.12')).toBe(`${keys.finishedIn('a')}12`);
});
