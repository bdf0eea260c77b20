import { createLogger } from '@millrace/service';
import { afterEach, expect, test, vi } from 'vitest';
import { PeerCensus } from './peer-census.ts';
import { PeerChannel } from './peer-channel.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

async function begin(frontDoor: string, onCompany = vi.fn(async () => undefined)) {
  const { source, keys, redis } = context;
  const channel: PeerChannel = new PeerChannel({
    source,
    keys,
    redis,
    onMessage: (message) => (message.kind === 'joined' ? census.joined(message.frontDoor) : undefined),
  });
  const logger = createLogger({ name: 'test', level: 'silent' });
  const census = new PeerCensus({ channel, frontDoor, onCompany, logger });
  running.push(channel, census);
  await channel.start();
  await census.start();
  return { census, channel, onCompany };
}

test('the only one knows that it is', async () => {
  const { census, onCompany } = await begin('f-a');
  expect(census.alone).toBe(true);
  expect(onCompany).not.toHaveBeenCalled();
});

test('before another one has begun, the first knows of it and has done what it must', async () => {
  const done: string[] = [];
  const slow = vi.fn(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    done.push('prepared');
    return undefined;
  });
  const first = await begin('f-a', slow);
  const second = await begin('f-b');
  done.push('begun');
  expect(done).toEqual(['prepared', 'begun']);
  expect([first.census.alone, second.census.alone]).toEqual([false, false]);
});

test('when the others have gone, it is found out', async () => {
  const first = await begin('f-a');
  const second = await begin('f-b');
  await second.census.stop();
  await second.channel.stop();
  await vi.waitFor(() => expect(first.census.alone).toBe(true), { timeout: 3_000 });
});

test('who may have missed something is not sure to be alone', async () => {
  const { census } = await begin('f-a');
  expect(census.alone).toBe(true);
  await context.dropSubscribers();
  await vi.waitFor(() => expect(census.alone).toBe(false));
  await vi.waitFor(() => expect(census.alone).toBe(true), { timeout: 3_000 });
});

test('an answer that is older than a newcomer does not count', async () => {
  const count = Promise.withResolvers<number>();
  const logger = createLogger({ name: 'test', level: 'silent' });
  const channel = { tell: async () => undefined, count: () => count.promise, connection: 0 };
  const census = new PeerCensus({ channel, frontDoor: 'f-a', onCompany: async () => undefined, logger });
  running.push(census);
  const starting = census.start();
  await new Promise((resolve) => setImmediate(resolve));
  await census.joined('f-b');
  count.resolve(1);
  await starting;
  expect(census.alone).toBe(false);
});
