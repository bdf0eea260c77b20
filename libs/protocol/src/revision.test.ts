import { expect, test } from 'vitest';
import { DEFAULT_SESSION_REVISION, eraOf, REVISIONS, SESSION_REVISIONS } from './revision.ts';

test('the served revisions, newest first', () => {
  expect(REVISIONS).toEqual(['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26']);
});

test('what a request without a version is taken for is served', () => {
  expect(SESSION_REVISIONS).toContain(DEFAULT_SESSION_REVISION);
});

test.each([
  ['2026-07-28', 'modern'],
  ['2027-01-01', 'modern'],
  ['2025-11-25', 'session'],
  ['2025-03-26', 'session'],
])('%s belongs to the %s era', (revision, era) => {
  expect(eraOf(revision)).toBe(era);
});
