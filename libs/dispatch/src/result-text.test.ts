import { FALLBACK_META_KEY, stampResult, toolPoliciesSchema } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { keepFor, withHints } from './result-text.ts';

const INFO = { name: 'test', version: '1' };

function settings(cache: object = {}) {
  const read = toolPoliciesSchema.parse({ cache: { ttlMs: 1_000, ...cache } }).cache;
  if (!read) throw new Error('there is always one');
  return read;
}

const stamped = (result: object, method = 'tools/call') =>
  JSON.stringify(stampResult({ ...result }, method, '2026-07-28', INFO));

test.each([
  ['a result', { content: [] }, 1_000],
  ['an error', { content: [], isError: true }, 0],
  ['a question', { resultType: 'input_required', inputRequests: {} }, 0],
  ['a task', { resultType: 'task', taskId: 't' }, 0],
  ['an answer of a fallback', { content: [], _meta: { [FALLBACK_META_KEY]: { kind: 'fixed' } } }, 0],
  ['a text that speaks of errors', { content: [{ type: 'text', text: '{"isError":true}' }] }, 1_000],
])('%s is kept for its time', (_, result, ttlMs) => {
  expect(keepFor(stamped(result), settings())).toBe(ttlMs);
});

test('errors are kept where the tool wants that', () => {
  expect(keepFor(stamped({ content: [], isError: true }), settings({ negativeTtlMs: 50 }))).toBe(50);
});

test.each([
  [{}, 1_000],
  [{ ttlMs: 400, cacheScope: 'public' }, 400],
  [{ ttlMs: 5_000, cacheScope: 'public' }, 1_000],
])('a read with the hints %j of its own is kept for %d ms', (hints, ttlMs) => {
  expect(keepFor(stamped({ contents: [], ...hints }, 'resources/read'), settings())).toBe(ttlMs);
});

test.each([
  ['public', 'public'],
  ['tenant', 'private'],
  ['private', 'private'],
])('a read of scope %s says for how long it is given, and that it is %s', (scope, told) => {
  const read = stamped(
    { contents: [{ uri: 'a://b', text: '{"ttlMs":0,"cacheScope":"private"' }] },
    'resources/read',
  );
  const result = JSON.parse(withHints(read, 123.9, settings({ scope })));
  expect(result).toMatchObject({ ttlMs: 123, cacheScope: told });
  expect(result.contents).toEqual(JSON.parse(read).contents);
  expect(JSON.parse(withHints(read, -5, settings({ scope }))).ttlMs).toBe(0);
});

test('what has no hints stays as it is', () => {
  for (const payload of [stamped({ content: [] }), '{"contents":[]}']) {
    expect(withHints(payload, 100, settings())).toBe(payload);
  }
});
