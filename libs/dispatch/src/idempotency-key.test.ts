import { IDEMPOTENCY_META_KEY } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { aRequest } from './testing/requests.ts';

function keyOf(told: unknown, header?: string): string | undefined {
  const params = told === undefined ? {} : { _meta: { [IDEMPOTENCY_META_KEY]: told } };
  const headers = header === undefined ? {} : { 'idempotency-key': header };
  return idempotencyKeyOf(aRequest('tools/call', params, { headers }));
}

test.each([
  [undefined, undefined, undefined],
  ['a', undefined, 'a'],
  [undefined, 'a', 'a'],
  [undefined, '"a"', 'a'],
  ['a', '"a"', 'a'],
  ['x'.repeat(255), undefined, 'x'.repeat(255)],
])('told %j, in a header %j: %j', (told, header, key) => {
  expect(keyOf(told, header)).toBe(key);
});

test.each([
  ['', undefined, ['_meta']],
  [7, undefined, ['_meta']],
  [null, undefined, ['_meta']],
  ['x'.repeat(256), undefined, ['_meta']],
  [undefined, '', ['Idempotency-Key']],
  ['a', 'b', ['_meta', 'Idempotency-Key']],
])('told %j, in a header %j: refused, and the fields are named', (told, header, fields) => {
  let error: Error | undefined;
  try {
    keyOf(told, header);
  } catch (thrown) {
    error = thrown as Error;
  }
  expect(error).toMatchObject({ kind: 'invalid_params' });
  for (const field of fields) expect(error?.message).toContain(field);
});

test('other transports have no headers', () => {
  expect(idempotencyKeyOf(aRequest('tools/call'))).toBeUndefined();
});
