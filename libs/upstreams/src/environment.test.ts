import { expect, test } from 'vitest';
import { environmentOf } from './environment.ts';

const worker = { PATH: '/bin', HOME: '/root', REDIS_URL: 'redis://secret', GITHUB_TOKEN: 't' };

test('of the worker only what every program needs, and what is named, is passed on', () => {
  expect(environmentOf({ env: {}, envFrom: [] }, worker)).toEqual({ PATH: '/bin', HOME: '/root' });
  expect(environmentOf({ env: {}, envFrom: ['GITHUB_TOKEN', 'UNSET'] }, worker)).toEqual({
    PATH: '/bin',
    HOME: '/root',
    GITHUB_TOKEN: 't',
  });
});

test('what is set for the upstream wins', () => {
  expect(environmentOf({ env: { HOME: '/tmp', A: '1' }, envFrom: [] }, worker)).toEqual({
    PATH: '/bin',
    HOME: '/tmp',
    A: '1',
  });
});
