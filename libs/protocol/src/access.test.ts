import { expect, test } from 'vitest';
import { type Access, denialOf, type Permission, useOf } from './access.ts';

/** Allows one name for each kind, with the permissions that are given. */
function accessTo(name: string, permissions: readonly Permission[]): Access {
  return {
    key: name,
    permits: (permission) => permissions.includes(permission),
    allows: (_kind, asked, permission = 'execute:tools') =>
      asked === name && permissions.includes(permission),
    allowsSome: (template) => template === name,
  };
}

test.each([
  ['tools/call', { name: 'a' }, { kind: 'tool', name: 'a' }],
  ['prompts/get', { name: 'a' }, { kind: 'prompt', name: 'a' }],
  ['resources/read', { uri: 'a:b' }, { kind: 'resource', name: 'a:b' }],
  ['resources/subscribe', { uri: 'a:b' }, { kind: 'resource', name: 'a:b' }],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'a' } }, { kind: 'prompt', name: 'a' }],
  [
    'completion/complete',
    { ref: { type: 'ref/resource', uri: 'a:{b}' } },
    { kind: 'resource', name: 'a:{b}', isTemplate: true },
  ],
  ['tools/call', { name: 7 }, undefined],
  ['completion/complete', {}, undefined],
  ['tools/list', { name: 'a' }, undefined],
])('%s of %j uses %j', (method, params, use) => {
  expect(useOf(method, params)).toEqual(use);
});

test('what is allowed is not denied', () => {
  const access = accessTo('a', ['execute:tools']);
  expect(denialOf(access, { kind: 'tool', name: 'a' })).toBeUndefined();
  expect(denialOf(access, { kind: 'resource', name: 'a', isTemplate: true })).toBeUndefined();
});

test('a denial names what is missing, and the scope only where that would help', () => {
  const access = accessTo('a', ['execute:tools']);
  expect(denialOf(access, { kind: 'tool', name: 'b' })).toMatchObject({
    kind: 'permission_denied',
    status: 403,
    details: { permission: 'execute:tools', kind: 'tool', name: 'b' },
  });
  expect(denialOf(access, { kind: 'tool', name: 'b' })?.details).not.toHaveProperty('scope');
  expect(denialOf(access, { kind: 'tool', name: 'a' }, 'write:resources')?.details).toMatchObject({
    scope: 'write:resources',
  });
});
