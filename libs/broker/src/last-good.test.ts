import { expect, test, vi } from 'vitest';
import { LastGood } from './last-good.ts';
import { onLink } from './testing/policy-links.ts';
import { useTestRedis } from './testing/test-redis.ts';

const redis = useTestRedis();
const RESULT = { content: [{ type: 'text', text: 'sunny' }] };
const someLastGood = () => onLink(redis.source, (link) => new LastGood(link, redis.keys));

const ask = (args: object, principal?: { id: string; tenant: string }) => ({
  id: 'door.1',
  method: 'tools/call' as const,
  revision: '2026-07-28' as const,
  deadline: Date.now() + 60_000,
  target: 'weather',
  params: { name: 'weather', arguments: args },
  ...(principal && { principal }),
});
const ADA = { id: 'ada', tenant: 'acme' };
const BOB = { id: 'bob', tenant: 'acme' };
const EVE = { id: 'eve', tenant: 'other' };

test('what was kept is found by every process, whatever the order of the arguments', async () => {
  const [one, other] = [await someLastGood(), await someLastGood()];
  one.keep(ask({ city: 'Rome', day: 1 }), 'private', RESULT, 60_000);
  await vi.waitFor(async () =>
    expect(await other.find(ask({ day: 1, city: 'Rome' }), 'private')).toMatchObject({ result: RESULT }),
  );
  expect(await other.find(ask({ city: 'Oslo', day: 1 }), 'private')).toBeUndefined();
});

test.each([
  { scope: 'private', finds: [true, false, false] },
  { scope: 'tenant', finds: [true, true, false] },
  { scope: 'public', finds: [true, true, true] },
] as const)('$scope: who finds what was kept for Ada', async ({ scope, finds }) => {
  const lastGood = await someLastGood();
  lastGood.keep(ask({}, ADA), scope, RESULT, 60_000);
  await vi.waitFor(async () => expect(await lastGood.find(ask({}, ADA), scope)).toBeDefined());
  const found = await Promise.all([ADA, BOB, EVE].map((who) => lastGood.find(ask({}, who), scope)));
  expect(found.map((kept) => kept !== undefined)).toEqual(finds);
});

test('a result that is too large is not kept', async () => {
  const lastGood = await someLastGood();
  lastGood.keep(ask({ n: 1 }), 'public', { content: [{ type: 'text', text: 'x'.repeat(300_000) }] }, 60_000);
  lastGood.keep(ask({ n: 2 }), 'public', RESULT, 60_000);
  await vi.waitFor(async () => expect(await lastGood.find(ask({ n: 2 }), 'public')).toBeDefined());
  expect(await lastGood.find(ask({ n: 1 }), 'public')).toBeUndefined();
});

test('the same result is not written again and again', async () => {
  const lastGood = await someLastGood();
  lastGood.keep(ask({}), 'public', RESULT, 60_000);
  await vi.waitFor(async () => expect(await lastGood.find(ask({}), 'public')).toBeDefined());
  lastGood.keep(ask({}), 'public', { content: [] }, 60_000);
  expect(await lastGood.find(ask({}), 'public')).toMatchObject({ result: RESULT });
});
