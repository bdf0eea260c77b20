import { expect, test } from 'vitest';
import { isLogged, isLogLevel } from './log-level.ts';

test.each([
  ['error', 'warning', true],
  ['warning', 'warning', true],
  ['info', 'warning', false],
  ['emergency', 'debug', true],
] as const)('a message of level %s for a client that wants %s: %s', (level, threshold, logged) => {
  expect(isLogged(level, threshold)).toBe(logged);
});

test.each(['info', 'emergency'])('%s is a level', (level) => expect(isLogLevel(level)).toBe(true));

test.each(['warn', 'INFO', 3, undefined])('%s is none', (level) => expect(isLogLevel(level)).toBe(false));
