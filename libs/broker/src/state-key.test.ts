import { afterEach, expect, test } from 'vitest';
import { StateKey } from './state-key.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const started: StateKey[] = [];

afterEach(async () => {
  for (const key of started.splice(0)) await key.stop();
});

/** One worker's side, with the keys that it was told. */
async function join(configured?: string): Promise<{ stateKey: StateKey; told: string[] }> {
  const told: string[] = [];
  const { redis, keys, source } = context;
  const stateKey = new StateKey({
    redis,
    keys,
    logger: source.logger,
    onKey: (key) => void told.push(key),
    ...(configured !== undefined && { configured }),
  });
  started.push(stateKey);
  await stateKey.start();
  return { stateKey, told };
}

test('all workers get the same key, also those that start at the same moment', async () => {
  const workers = await Promise.all([join(), join(), join()]);
  const keys = workers.flatMap(({ told }) => told);
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]?.length).toBeGreaterThanOrEqual(43);
});

test('the key expires when no worker is left', async () => {
  await join();
  expect(await context.redis.pttl(context.keys.stateKey)).toBeGreaterThan(0);
});

test('after Redis lost the key, the fleet agrees on one of its keys again', async () => {
  const [first, second] = [await join(), await join()];
  await context.redis.del(context.keys.stateKey);
  const stranger = await join();
  await first.stateKey.renew();
  await second.stateKey.renew();
  expect(first.told.at(-1)).toBe(stranger.told[0]);
  expect(second.told.at(-1)).toBe(stranger.told[0]);
});

test("the operator's own key leaves Redis alone", async () => {
  expect((await join('a secret of the operator')).told).toEqual(['a secret of the operator']);
  expect(await context.redis.exists(context.keys.stateKey)).toBe(0);
});
