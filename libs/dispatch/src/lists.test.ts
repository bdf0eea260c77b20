import type { Access } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { type ListMethod, Lists } from './lists.ts';
import { aTool, aView } from './testing/views.ts';

const serverInfo = { name: 'millrace', version: '0.1.0' };
const names = ['a', 'b', 'c', 'd', 'e'];

function lists(tools: readonly string[], pageSize = 2): Lists {
  return new Lists({ view: aView({ tools: tools.map((name) => aTool(name)) }), pageSize, serverInfo });
}

interface Page {
  readonly tools: { name: string }[];
  readonly nextCursor?: string;
}

function page(
  from: Lists,
  cursor?: unknown,
  revision = '2026-07-28',
): { names: string; nextCursor?: string } {
  const { tools, nextCursor }: Page = JSON.parse(from.page('tools/list', cursor, revision));
  return { names: tools.map(({ name }) => name).join(''), ...(nextCursor !== undefined && { nextCursor }) };
}

test('pages follow each other to the end', () => {
  const from = lists(names);
  const first = page(from);
  const second = page(from, first.nextCursor);
  const third = page(from, second.nextCursor);
  expect([first.names, second.names, third.names]).toEqual(['ab', 'cd', 'e']);
  expect(third.nextCursor).toBeUndefined();
});

test('a list that fits on its page has no further one', () => {
  expect(page(lists(['a', 'b']))).toEqual({ names: 'ab' });
  expect(page(lists([]))).toEqual({ names: '' });
});

test('a cursor stays good when entries come and go', () => {
  const { nextCursor } = page(lists(names));
  expect(page(lists(['a', 'bb', 'c', 'e']), nextCursor)).toMatchObject({ names: 'bbc' });
  expect(page(lists(['a']), nextCursor)).toEqual({ names: '' });
});

test.each([['foreign'], [''], [7], [null], [Buffer.from('after:x').toString('base64url').concat('=')]])(
  'the cursor %j is not ours',
  (cursor) => {
    expect(() => lists(names).page('tools/list', cursor, '2026-07-28')).toThrow(
      expect.objectContaining({ kind: 'invalid_params', details: { field: 'cursor' } }),
    );
  },
);

test('each revision gets its own form', () => {
  const from = lists(['a']);
  expect(JSON.parse(from.page('tools/list', undefined, '2026-07-28'))).toMatchObject({
    resultType: 'complete',
    ttlMs: 0,
  });
  expect(JSON.parse(from.page('tools/list', undefined, '2025-11-25'))).toEqual({ tools: [{ name: 'a' }] });
});

test.each([
  ['prompts/list', 'prompts'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'resourceTemplates'],
] as [ListMethod, string][])('%s has %s', (method, member) => {
  const view = aView({
    prompts: [{ pool: 'default', definition: { name: 'ask' } }],
    resources: [{ pool: 'default', definition: { uri: 'docs://a', name: 'a' } }],
    resourceTemplates: [{ pool: 'default', definition: { uriTemplate: 'user://{id}', name: 'user' } }],
  });
  const from = new Lists({ view, pageSize: 10, serverInfo });
  expect(JSON.parse(from.page(method, undefined, '2025-11-25'))[member]).toHaveLength(1);
});

const ONLY_AC: Access = {
  key: 'a and c',
  permits: (permission) => permission === 'execute:tools',
  allows: (_kind, name, permission = 'execute:tools') =>
    'ac'.includes(name) && permission === 'execute:tools',
  allowsSome: () => false,
};

function seen(from: Lists, access?: Access): { names: string; cacheScope: string } {
  const { tools, cacheScope } = JSON.parse(from.page('tools/list', undefined, '2026-07-28', access));
  return { names: tools.map(({ name }: { name: string }) => name).join(''), cacheScope };
}

test('a list shows what the one who asks may use, also right after somebody else asked', () => {
  const from = lists(names, 10);
  expect(seen(from).names).toBe('abcde');
  expect(seen(from, ONLY_AC)).toEqual({ names: 'ac', cacheScope: 'private' });
  expect(seen(from).names).toBe('abcde');
});

test('a page is full of what may be seen, not of what may not', () => {
  const from = lists(names, 2);
  expect(seen(from, ONLY_AC).names).toBe('ac');
});

test('a tool that wants more than the caller has is not shown', () => {
  const view = aView({ tools: [aTool('a'), aTool('c', { permissions: ['write:resources'] })] });
  expect(seen(new Lists({ view, pageSize: 10, serverInfo }), ONLY_AC).names).toBe('a');
});
