import { expect, test } from 'vitest';
import { type FallbackRules, withFallback } from './fallback.ts';

const failures: unknown[] = [];
const rules: FallbackRules<string> = {
  helps: (tried) => tried === 'bad',
  answer: async () => 'instead',
  onFailure: (error) => void failures.push(error),
};

test('what goes well, or what no fallback may answer for, is left alone', async () => {
  expect(await withFallback(async () => 'good', rules)).toBe('good');
  expect(await withFallback(async () => 'worse', rules)).toBe('worse');
});

test('a failure gets the other answer', async () => {
  expect(await withFallback(async () => 'bad', rules)).toBe('instead');
});

test('without another answer the failure stays', async () => {
  expect(await withFallback(async () => 'bad', { ...rules, answer: async () => undefined })).toBe('bad');
});

test('a fallback that fails too: the original failure wins', async () => {
  const worse = new Error('worse');
  const answer = () => Promise.reject(worse);
  expect(await withFallback(async () => 'bad', { ...rules, answer })).toBe('bad');
  expect(failures).toEqual([worse]);
});
