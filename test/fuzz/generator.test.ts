import { expect, test } from 'vitest';
import { Random } from '../chaos/random.ts';
import { Generator } from './generator.ts';

const shots = (seed: number, transport: 'http' | 'ws' = 'http') => {
  const generator = new Generator({ random: new Random(seed), credentials: { authorization: 'Bearer x' } });
  return Array.from({ length: 400 }, () => generator.next(transport));
};

test('the same seed gives the same requests, another one others', () => {
  expect(shots(1)).toEqual(shots(1));
  expect(shots(1)).not.toEqual(shots(2));
});

test('some requests may be answered with a result, most must not be', () => {
  const failing = shots(1).filter(({ mustFail }) => mustFail).length;
  expect(failing).toBeGreaterThan(100);
  expect(failing).toBeLessThan(380);
});

test('every request of the protocol is made, in each way to break it', () => {
  const names = new Set([1, 2, 3].flatMap((seed) => shots(seed)).map(({ name }) => name));
  for (const type of ['CallToolRequest', 'InitializeRequest', 'GetTaskRequest', 'CancelledNotification'])
    for (const how of ['changed', 'garbled', 'other headers']) expect(names).toContain(`${type} ${how}`);
});

test('headers are broken over HTTP only', () => {
  expect(shots(1, 'ws').filter(({ name }) => name.endsWith('other headers'))).toEqual([]);
});
