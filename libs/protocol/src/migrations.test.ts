import { expect, test } from 'vitest';
import { MillraceError } from './errors.ts';
import { Migrations } from './migrations.ts';

const note = (text: string) => (path: string) => `${path} ${text}`;

function chain(): Migrations<string> {
  return new Migrations<string>('letter')
    .register(1, 2, note('1-2'))
    .register(2, 3, note('2-3'))
    .register(3, 4, note('3-4'))
    .register(2, 1, note('2-1'));
}

test('a value goes through each step on its way, and back where a way back is registered', () => {
  expect(chain().migrate('a', 1, 4)).toBe('a 1-2 2-3 3-4');
  expect(chain().migrate('a', 2, 1)).toBe('a 2-1');
});

test('the shortest way is taken', () => {
  expect(chain().register(1, 3, note('1-3')).migrate('a', 1, 4)).toBe('a 1-3 3-4');
});

test('a way that is registered later is found, also when a longer one was taken before', () => {
  const migrations = chain();
  migrations.migrate('a', 1, 4);
  expect(migrations.register(1, 4, note('1-4')).migrate('a', 1, 4)).toBe('a 1-4');
});

test('a value of the wanted version is given back as it is', () => {
  const value = {};
  expect(new Migrations<object>('letter').migrate(value, 7, 7)).toBe(value);
});

test.each([
  [9, 2],
  [1, 9],
  [4, 1],
])('from %i to %i there is no way: the error names both', (from, to) => {
  const migrate = () => chain().migrate('a', from, to);
  expect(migrate).toThrow(
    `letter of version ${from} cannot be turned into version ${to}; known versions: 1, 2, 3, 4`,
  );
  expect(migrate).toThrow(MillraceError);
});

test('versions that lead in a circle end the search', () => {
  const circle = new Migrations<string>('letter').register(1, 2, note('')).register(2, 1, note(''));
  expect(() => circle.migrate('a', 1, 3)).toThrow('cannot be turned into version 3');
});

test.each([
  [1, 2],
  [5, 5],
])('a migration from %i to %i that is there already is refused', (from, to) => {
  expect(() => chain().register(from, to, note(''))).toThrow(`from version ${from} to ${to}`);
});
