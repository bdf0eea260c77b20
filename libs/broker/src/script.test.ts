import { expect, test } from 'vitest';
import { Script } from './script.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const run = (script: Script) =>
  script.run(context.redis, [context.keys.workers, context.keys.offers, context.keys.orders], [1_000, 1_000]);

test('a script is loaded where Redis does not know it, also after it forgot', async () => {
  const script = new Script('live-workers');
  expect(await run(script)).toEqual([[], [], []]);
  await context.redis.script('FLUSH');
  expect(await run(script)).toEqual([[], [], []]);
});

test('what a script itself refuses is not tried again', async () => {
  await context.redis.set(context.keys.workers, 'no sorted set', 'PX', 1_000);
  await expect(run(new Script('live-workers'))).rejects.toThrow('WRONGTYPE');
});
