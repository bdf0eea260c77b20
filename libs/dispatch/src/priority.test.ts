import { toolPoliciesSchema } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { priorityOf } from './priority.ts';

const route = (priority?: 'high' | 'normal' | 'low') => ({
  pool: 'default',
  target: 'echo',
  idempotent: true,
  policies: toolPoliciesSchema.parse({ priority }),
});
const asking = (wish?: unknown) => ({ params: { _meta: { 'dev.millrace/priority': wish } } });

test('a call has the priority of its tool', () => {
  expect(priorityOf({ params: {} }, route('high'))).toBe('high');
  expect(priorityOf({ params: {} }, { pool: 'default', target: 'x', idempotent: true })).toBe('normal');
});

test('a request may ask for less, and does not get more', () => {
  expect(priorityOf(asking('low'), route('high'))).toBe('low');
  expect(priorityOf(asking('high'), route('low'))).toBe('low');
  expect(priorityOf(asking('high'), route())).toBe('normal');
});

test.each(['urgent', 1, null])('%j is refused by name', (wish) => {
  expect(() => priorityOf(asking(wish), route())).toThrow(/dev\.millrace\/priority.*high, normal, low/);
});
