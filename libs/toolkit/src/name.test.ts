import { describe, expect, it } from 'vitest';
import { checkName } from './name.ts';

describe('names', () => {
  it.each(['query_users', 'db.users/list', 'A-1', 'x'.repeat(128)])('takes %s', (name) => {
    expect(() => checkName('tool', name)).not.toThrow();
  });

  it.each([
    ['', 'it is empty'],
    ['x'.repeat(129), '129 characters, 128 are the most'],
    ['query users', 'only A–Z'],
    ['größe', 'only A–Z'],
  ])('refuses "%s" with the reason', (name, reason) => {
    expect(() => checkName('tool', name)).toThrow(reason);
  });
});
