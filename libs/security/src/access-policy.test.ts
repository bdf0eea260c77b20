import { describe, expect, test } from 'vitest';
import { AccessPolicy } from './access-policy.ts';
import { authorizationSchema } from './authorization.ts';

const policy = new AccessPolicy(
  authorizationSchema.parse({
    roles: {
      reader: { permissions: ['read:resources'], resources: ['note://*'] },
      caller: { permissions: ['execute:tools'], tools: ['query_*'] },
      editor: { permissions: ['execute:tools', 'write:resources'], tools: ['edit'] },
    },
    scopes: { 'app.read': ['reader'], 'app.all': ['reader', 'caller'] },
    tenants: { small: { tools: ['query_users'] } },
  }),
);

const accessOf = (roles: string[], tenant = 'default') => policy.accessOf({ id: 'x', tenant, roles });

test('what no role allows is denied', () => {
  for (const access of [
    accessOf([]),
    accessOf(['unknown']),
    policy.accessOf({ id: 'x', tenant: 'default' }),
  ]) {
    expect(access.allows('tool', 'query_users')).toBe(false);
    expect(access.permits('read:resources')).toBe(false);
  }
});

test('roles add up, each within its own patterns', () => {
  const access = accessOf(['reader', 'caller', 'editor']);
  expect(access.allows('tool', 'query_users')).toBe(true);
  expect(access.allows('resource', 'note://1')).toBe(true);
  expect(access.allows('resource', 'user://1')).toBe(false);
  // The one role writes, but with other tools.
  expect(access.allows('tool', 'query_users', 'write:resources')).toBe(false);
  expect(access.allows('tool', 'edit', 'write:resources')).toBe(true);
});

test('a URI that climbs fits no pattern but the one for everything', () => {
  expect(accessOf(['reader']).allows('resource', 'note://a/../b')).toBe(false);
  expect(accessOf(['read:resources']).allows('resource', 'note://a/../b')).toBe(true);
});

test('each permission is a role, and admin:access includes the others', () => {
  expect(accessOf(['execute:tools']).allows('tool', 'anything')).toBe(true);
  expect(accessOf(['execute:tools']).allows('prompt', 'anything')).toBe(false);
  const admin = accessOf(['admin:access']);
  expect(admin.allows('prompt', 'anything') && admin.allows('tool', 'x', 'write:resources')).toBe(true);
});

test('a tenant has bounds, others have none', () => {
  expect(accessOf(['admin:access'], 'small').allows('tool', 'query_orders')).toBe(false);
  expect(accessOf(['admin:access'], 'small').allows('tool', 'query_users')).toBe(true);
  expect(accessOf(['admin:access'], 'large').allows('tool', 'query_orders')).toBe(true);
});

test('a template shows when some URI of it is allowed', () => {
  expect(accessOf(['reader']).allowsSome('note://{id}')).toBe(true);
  expect(accessOf(['reader']).allowsSome('user://{id}')).toBe(false);
  expect(accessOf(['caller']).allowsSome('note://{id}')).toBe(false);
});

describe('scopes', () => {
  test('give the roles that they stand for, or their own permission', () => {
    expect(policy.rolesOf(['app.all', 'execute:tools'])).toEqual(['reader', 'caller', 'execute:tools']);
  });

  test('that are none of ours give nothing, whatever their name', () => {
    expect(policy.rolesOf(['openid', 'constructor', '__proto__', 'reader'])).toEqual([]);
  });
});

test('who may do the same has the same key, and others have another', () => {
  expect(accessOf(['reader', 'caller']).key).toBe(
    accessOf(['caller', 'reader', 'reader', 'unknown'], 'large').key,
  );
  expect(accessOf(['reader']).key).not.toBe(accessOf(['caller']).key);
  expect(accessOf(['reader']).key).not.toBe(accessOf(['reader'], 'small').key);
});

test.each([
  [
    'a role named like a permission',
    { roles: { 'execute:tools': { permissions: ['execute:tools'] } } },
    /exists already/,
  ],
  ['a scope of an unknown role', { scopes: { a: ['nobody'] } }, /not nobody/],
  ['a permission that does not exist', { roles: { a: { permissions: ['fly'] } } }, /permissions/],
  ['a wrong key', { role: {} }, /role/],
])('refuses %s', (_, authorization, message) => {
  expect(() => authorizationSchema.parse(authorization)).toThrow(message);
});
