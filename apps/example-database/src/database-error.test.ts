import { expect, it } from 'vitest';
import { DatabaseError } from './database-error.ts';

/** As both drivers throw what the server says. */
const serverError = (code: string, more: object = {}) =>
  Object.assign(new Error('duplicate key value violates unique constraint "secret"'), {
    severity: 'ERROR',
    code,
    ...more,
  });

it.each([
  ['23505', 'conflict', false],
  ['23503', 'conflict', false],
  ['23502', 'validation', false],
  ['23514', 'validation', false],
  ['22P02', 'validation', false],
  ['40001', 'conflict', true],
  ['40P01', 'conflict', true],
  ['57014', 'timeout', true],
  ['57P01', 'unavailable', true],
  ['53300', 'unavailable', true],
  ['08006', 'unavailable', true],
  ['42601', 'internal_server_error', false],
])('SQLSTATE %s is a failure of the type %s', (code, type, retryable) => {
  const error = new DatabaseError(serverError(code));
  expect([error.type, error.retryable]).toEqual([type, retryable]);
  expect(JSON.stringify([error.message, error.details])).not.toContain('secret');
});

it('what the server did not say is a failure of the connection to it', () => {
  const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  for (const cause of [broken, new Error('Connection terminated'), undefined]) {
    expect(new DatabaseError(cause)).toMatchObject({
      message: 'The database does not answer',
      type: 'unavailable',
      retryable: true,
      retryAfterMs: 2_000,
      cause,
    });
  }
});

it('a duplicate is known by the index that refuses it', () => {
  const error = new DatabaseError(serverError('23505', { constraint: 'users_email_once' }));
  expect(error.details).toEqual({ constraint: 'users_email_once' });
  expect([error.isDuplicateIn('users_email_once'), error.isDuplicateIn('another')]).toEqual([true, false]);
  expect(new DatabaseError(serverError('23514', { constraint: 'c' })).isDuplicateIn('c')).toBe(false);
});
