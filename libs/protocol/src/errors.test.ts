import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERRORS, type ErrorName, MillraceError, toMillraceError } from './errors.ts';

const names = Object.keys(ERRORS) as ErrorName[];

/** Rows of the table in docs/errors.md, by the name in their first cell. */
const documented = new Map(
  readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, name = '', ...cells]) => [name, cells] as const),
);

test('every error is documented, and every documented error exists', () => {
  expect([...documented.keys()].toSorted()).toEqual(names.toSorted());
});

test.each(names)('%s is documented with its code, status, type and retryability', (name) => {
  const error = new MillraceError(name, 'x');
  const { type, retryable } = error.toData();
  const [code, status, ...rest] = documented.get(name) ?? [];
  expect([code?.replace('−', '-'), ...rest.slice(0, 2)]).toEqual([
    String(error.code),
    type,
    retryable ? 'yes' : 'no',
  ]);
  // Some depend on the revision: the table then names the others in brackets.
  expect(Number.parseInt(status ?? '', 10)).toBe(error.status);
  expect(rest.slice(2, 4).every((text) => text.length > 10)).toBe(true);
});

const JSON_RPC = [-32_700, -32_600, -32_601, -32_602, -32_603];

test.each(names)(
  'the code of %s is one of JSON-RPC, or of those that it leaves to MCP and to servers',
  (name) => {
    const { code } = ERRORS[name];
    expect(JSON_RPC.includes(code) || (code <= -32_000 && code >= -32_022)).toBe(true);
  },
);

test('the structured form says what a client can act upon', () => {
  const error = new MillraceError('no_live_worker', 'No worker', {
    details: { pool: 'images' },
    retryAfterMs: 1_000,
  });
  expect(error.toData('7', 0)).toEqual({
    type: 'unavailable',
    name: 'no_live_worker',
    message: 'No worker',
    code: -32_003,
    details: { pool: 'images' },
    timestamp: '1970-01-01T00:00:00.000Z',
    requestId: '7',
    retryable: true,
    retryAfterMs: 1_000,
    suggestions: ['Start a worker for this pool, or try again when one is back.'],
  });
});

test('what is not known is left out', () => {
  expect(new MillraceError('parse_error', 'x').toData(undefined, 0)).toEqual({
    type: 'validation',
    name: 'parse_error',
    message: 'x',
    code: -32_700,
    timestamp: '1970-01-01T00:00:00.000Z',
    retryable: false,
  });
});

test('what the specification wants in the data stands beside the structured form', () => {
  const members = { supported: ['2026-07-28'], requested: '1999-01-01' };
  const error = new MillraceError('unsupported_version', 'Unsupported', { members });
  const { code, data } = error.toJsonRpc('7');
  expect([code, data]).toMatchObject([
    -32_022,
    { ...members, type: 'validation', name: 'unsupported_version', requestId: '7', retryable: false },
  ]);
});

test('data of an error that is not ours replaces it', () => {
  const error = new MillraceError('tool_error', 'Theirs', { wireData: ['as', 'it', 'is'], code: 7 });
  expect(error.toJsonRpc('7')).toEqual({ code: 7, message: 'Theirs', data: ['as', 'it', 'is'] });
});

test('an unknown failure keeps its text to itself, but not from the log', () => {
  const secret = new Error('password is hunter2');
  const error = toMillraceError(secret);
  expect(JSON.stringify(error.toJsonRpc())).not.toContain('hunter2');
  expect(error).toMatchObject({ kind: 'internal_error', cause: secret });
});

test('one of ours stays as it is', () => {
  const error = new MillraceError('cancelled', 'x');
  expect(toMillraceError(error)).toBe(error);
});
