import { toolPoliciesSchema } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { tagNames } from './cache-tag-names.ts';
import type { Route } from './router.ts';

function route(tags: string[], overrides: Partial<Route> = {}): Route {
  const policies = toolPoliciesSchema.parse({ cache: { ttlMs: 1, tags } });
  return { pool: 'default', target: 't', idempotent: true, isTool: true, policies, ...overrides };
}

test('tags without arguments are those of the tool', () => {
  const one = route(['users', 'all']);
  expect(tagNames(one, { arguments: { id: 1 } })).toBe(one.policies?.cache?.tags);
});

test('arguments are filled in; what is not there is empty', () => {
  const args = { id: 7, name: 'Ada', filter: { b: 1 }, none: null };
  expect(
    tagNames(route(['user:{id}', '{name}-{filter}-{none}', '{toString}!{missing}']), { arguments: args }),
  ).toEqual(['user:7', 'Ada-{"b":1}-null', '!']);
  expect(tagNames(route(['user:{id}']), {})).toEqual(['user:']);
});

test('a resource is tagged with its URI, beside its own tags', () => {
  const { isTool: _, ...resource } = route(['users'], { target: 'user://7' });
  expect(tagNames(resource, { uri: 'user://7' })).toEqual(['resource user://7', 'users']);
});
