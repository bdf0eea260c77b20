import { expect, test } from 'vitest';
import { expandVariables } from './variables.ts';

const env = { HOST: 'mill', EMPTY: '' };

test.each([
  [`\${HOST}:80`, 'mill:80'],
  [`\${env:HOST}`, 'mill'],
  [`\${NO:-none}`, 'none'],
  [`\${NO:-}`, ''],
  [`\${EMPTY:-full}`, ''],
  [`$HOST and \${not a name}`, `$HOST and \${not a name}`],
])('%s becomes %s', (text, expected) => {
  expect(expandVariables(text, env)).toBe(expected);
});

test('texts are found at any depth, and everything else stays as it is', () => {
  expect(expandVariables({ a: [`\${HOST}`, 1, null], b: { c: `\${HOST}` } }, env)).toEqual({
    a: ['mill', 1, null],
    b: { c: 'mill' },
  });
});

test('a variable that is not set and has no default is named', () => {
  expect(() => expandVariables([`\${NO}`], env)).toThrow('the variable NO is not set');
});
