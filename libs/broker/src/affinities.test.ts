import { expect, test } from 'vitest';
import { Affinities } from './affinities.ts';
import { useTestRedis } from './testing/test-redis.ts';

const server = useTestRedis();

test('the first worker that is preferred keeps the state, whoever is preferred later', async () => {
  const affinities = new Affinities(server.redis, server.keys);
  expect(await affinities.place('memory', 'ada', 'w-1')).toBe('w-1');
  expect(await affinities.place('memory', 'ada', 'w-2')).toBe('w-1');
  expect(await affinities.place('memory', 'bob', 'w-2')).toBe('w-2');
  expect(await affinities.place('browser', 'ada', 'w-2')).toBe('w-2');
});

test('once it is forgotten, another worker may keep it', async () => {
  const affinities = new Affinities(server.redis, server.keys);
  await affinities.place('memory', 'ada', 'w-1');
  await affinities.forget('memory', 'ada');
  expect(await affinities.place('memory', 'ada', 'w-2')).toBe('w-2');
});
