import { EMPTY_OFFER } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { ownBreaker, published, queuesOf } from './canary.ts';

const PLAIN = { pools: ['default', 'images'] };
const CANARY = { ...PLAIN, canaryWeight: 10 };
const OFFER = {
  ...EMPTY_OFFER,
  tools: [{ pool: 'default', idempotent: true, definition: { name: 'a' } }],
  prompts: [{ pool: 'images', definition: { name: 'b' } }],
};

test('a canary has queues of its own, and publishes what it serves under them', () => {
  expect(queuesOf(CANARY)).toEqual(['default-canary', 'images-canary']);
  expect(published(OFFER, CANARY)).toMatchObject({
    tools: [{ pool: 'default-canary', definition: { name: 'a' } }],
    prompts: [{ pool: 'images-canary' }],
  });
});

test('any other worker has those of its pools', () => {
  expect(queuesOf(PLAIN)).toBe(PLAIN.pools);
  expect(published(OFFER, PLAIN)).toBe(OFFER);
});

test('the breaker of a canary opens for nobody else', () => {
  const breaker = { failures: 5, recoveryMs: 60_000, successes: 3 };
  const own = ownBreaker({ breaker } as Parameters<typeof ownBreaker>[0], { name: 'a' });
  expect(own.breaker?.name).toBe('a-canary');
  const shared = ownBreaker({ breaker: { ...breaker, name: 'mail' } } as Parameters<typeof ownBreaker>[0], {
    name: 'a',
  });
  expect(shared.breaker?.name).toBe('mail-canary');
  expect(ownBreaker({}, { name: 'a' })).toEqual({});
});
