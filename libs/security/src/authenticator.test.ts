import type { Caller } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { Authenticator } from './authenticator.ts';

const method = (name: string) => ({
  authenticate: (text: string) => `${name} ${text}` as unknown as Caller,
});
const both = new Authenticator({ keyRing: method('key'), tokens: method('token') });

test('each credential goes to its method', () => {
  expect(both.authenticate({ authorization: 'Bearer mrk_x' })).toBe('key mrk_x');
  expect(both.authenticate({ authorization: 'bearer   abc.def.ghi ' })).toBe('token abc.def.ghi');
  expect(both.authenticate({ 'x-api-key': 'mrk_x' })).toBe('key mrk_x');
});

test.each([
  ['no credential', {}, undefined],
  ['another scheme', { authorization: 'Basic abc' }, 'invalid_request'],
  ['an empty token', { authorization: 'Bearer ' }, 'invalid_request'],
  ['a token in two parts', { authorization: 'Bearer a b' }, 'invalid_request'],
  ['two credentials', { authorization: 'Bearer a', 'x-api-key': 'b' }, 'invalid_request'],
])('%s is refused', (_, headers, problem) => {
  let thrown: unknown;
  try {
    both.authenticate(headers);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ kind: 'unauthenticated', ...(problem && { details: { problem } }) });
});

test('a method that is off takes nothing', () => {
  expect(() => new Authenticator({ tokens: method('token') }).authenticate({ 'x-api-key': 'mrk_x' })).toThrow(
    'not taken here',
  );
  expect(() =>
    new Authenticator({ keyRing: method('key') }).authenticate({ authorization: 'Bearer a.b.c' }),
  ).toThrow('not taken here');
});
