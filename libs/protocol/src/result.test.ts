import { expect, test } from 'vitest';
import { META } from './meta-keys.ts';
import { isFinalResult, stampResult } from './result.ts';

const server = { name: 'millrace', version: '0.1.0' };

test('a result of the 2026 revision names its type and the server', () => {
  expect(stampResult({ content: [] }, 'tools/call', '2026-07-28', server)).toEqual({
    resultType: 'complete',
    content: [],
    _meta: { [META.serverInfo]: server },
  });
});

test('a result that may be cached carries hints', () => {
  expect(stampResult({ tools: [] }, 'tools/list', '2026-07-28', server)).toMatchObject({
    ttlMs: 0,
    cacheScope: 'private',
  });
});

test('what is already there wins, so a second stamp changes nothing', () => {
  const own = { contents: [], ttlMs: 5_000, resultType: 'input_required', _meta: { mine: 1 } };
  const stamped = stampResult(own, 'resources/read', '2026-07-28', server);
  expect(stamped).toMatchObject({ ttlMs: 5_000, resultType: 'input_required', _meta: { mine: 1 } });
  expect(stampResult(stamped, 'resources/read', '2026-07-28', { ...server, name: 'other' })).toEqual(stamped);
});

test('older revisions know none of this', () => {
  const result = { content: [] };
  expect(stampResult(result, 'tools/call', '2025-11-25', server)).toBe(result);
});

test.each([
  [true, { content: [] }],
  [true, { content: [{ type: 'text', text: '"resultType":"task"' }] }],
  [false, { resultType: 'input_required', inputRequests: {} }],
  [false, { resultType: 'task', taskId: 't' }],
])('whether a result is final can be told by its text: %s', (final, result) => {
  expect(isFinalResult(JSON.stringify(result))).toBe(final);
});
