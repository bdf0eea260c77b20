import { expect, onTestFinished, test, vi } from 'vitest';
import { FrontDoorWatch } from './front-door-watch.ts';
import { Presence } from './presence.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const times = { heartbeatMs: 100, workerTtlMs: 1_000, offerTtlMs: 60_000 };

async function startPresence(frontDoor = 'f-1'): Promise<Presence> {
  const { source, keys } = context;
  const presence = new Presence({ source, keys, frontDoor, times });
  await presence.start();
  onTestFinished(() => presence.stop());
  return presence;
}

/** A watch that looks when the test says so, under a clock of the test. */
function setUp(running = ['f-1']) {
  const { redis, keys, source } = context;
  const clock = { now: 0 };
  const onLost = vi.fn();
  const watch = new FrontDoorWatch({
    redis,
    keys,
    times,
    frontDoors: () => running,
    onLost,
    logger: source.logger,
    now: () => clock.now,
  });
  const lookAt = async (now: number) => {
    clock.now = now;
    await watch.look();
  };
  const forget = () => redis.del(keys.frontDoor('f-1'));
  return { watch, onLost, lookAt, forget, running };
}

test('a front door says that it is alive, for a while', async () => {
  const { redis, keys } = context;
  const presence = await startPresence();
  expect(await redis.pttl(keys.frontDoor('f-1'))).toBeGreaterThan(0);
  await presence.stop();
  expect(await redis.exists(keys.frontDoor('f-1'))).toBe(0);
});

test('it says so again when Redis has forgotten it', async () => {
  await startPresence();
  await setUp().forget();
  await vi.waitUntil(async () => (await context.redis.exists(context.keys.frontDoor('f-1'))) === 1);
});

test('a front door that is silent for long enough is lost', async () => {
  const { onLost, lookAt, forget } = setUp();
  const presence = await startPresence();
  await lookAt(0);
  await presence.stop();
  await forget();
  await lookAt(100);
  await lookAt(1_099);
  expect(onLost).not.toHaveBeenCalled();
  await lookAt(1_100);
  expect(onLost).toHaveBeenCalledExactlyOnceWith('f-1');
});

test('one that comes back in time is not', async () => {
  const { onLost, lookAt, forget } = setUp();
  await (await startPresence()).stop();
  await startPresence();
  await lookAt(0);
  await forget();
  await lookAt(100);
  await vi.waitUntil(async () => (await context.redis.exists(context.keys.frontDoor('f-1'))) === 1);
  await lookAt(1_000);
  await lookAt(2_000);
  expect(onLost).not.toHaveBeenCalled();
});

test('one that never said that it is alive is not judged', async () => {
  const { onLost, lookAt } = setUp();
  for (const now of [0, 1_000, 2_000, 3_000]) await lookAt(now);
  expect(onLost).not.toHaveBeenCalled();
});

test('it looks by itself', async () => {
  const { watch, onLost } = setUp();
  const presence = await startPresence();
  const exists = vi.spyOn(context.redis, 'exists');
  await watch.start();
  onTestFinished(() => watch.stop());
  await vi.waitUntil(() => exists.mock.calls.length >= 2);
  await presence.stop();
  expect(onLost).not.toHaveBeenCalled();
});
