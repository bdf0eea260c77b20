import { expect, test } from 'vitest';
import { parseKeysCommand } from './keys-command.ts';

const parse = (text: string) => parseKeysCommand(text.split(' '));

test('what is asked for', () => {
  expect(parse('create --name ci --role reader --role writer --tenant acme --expires 90d')).toEqual({
    action: 'create',
    name: 'ci',
    tenant: 'acme',
    roles: ['reader', 'writer'],
    lifetimeMs: 90 * 86_400_000,
  });
  expect(parse('create --name ci --role reader')).toEqual({
    action: 'create',
    name: 'ci',
    tenant: 'default',
    roles: ['reader'],
  });
  expect(parse('list')).toEqual({ action: 'list', json: false });
  expect(parse('list --json')).toEqual({ action: 'list', json: true });
  expect(parse('revoke abc')).toEqual({ action: 'revoke', id: 'abc' });
  expect(parse('rotate abc')).toEqual({ action: 'rotate', id: 'abc', graceMs: 3_600_000 });
  expect(parse('rotate abc --grace 0s')).toEqual({ action: 'rotate', id: 'abc', graceMs: 0 });
});

test.each([
  ['', /^usage:/],
  ['burn', /^usage:/],
  ['create --role reader', /^--name: expected a name/],
  ['create --name ci', /^--role: expected at least one role/],
  ['create --name ci --role r --expires soon', /^--expires: "soon" — expected a time such as 90d/],
  ['create --name ci --role r --colour red', /--colour/],
  ['revoke', /^expected the id of one key/],
  ['revoke a b', /^expected the id of one key/],
  ['rotate a --grace 5', /^--grace: "5"/],
])('"%s" is refused', (text, message) => {
  expect(() => parse(text)).toThrow(message);
});
