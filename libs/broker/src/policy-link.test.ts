import { expect, onTestFinished, test, vi } from 'vitest';
import { RedisProxy } from '../../../test/support/redis-proxy.ts';
import { PolicyLink } from './policy-link.ts';
import { useTestRedis } from './testing/test-redis.ts';

const redis = useTestRedis();

/** A link through a proxy that the test can slow down or cut. */
async function aLink(prepare: (link: PolicyLink) => void = () => {}) {
  const proxy = await RedisProxy.start(redis.source.url);
  const link = new PolicyLink({ ...redis.source, url: proxy.url });
  prepare(link);
  onTestFinished(async () => {
    await link.stop();
    await proxy.stop();
  });
  await link.start();
  return { link, proxy };
}

const ping = (link: PolicyLink) => link.ask((connection) => connection.ping());

test('a question is answered', async () => {
  const { link } = await aLink();
  expect(await ping(link)).toBe('PONG');
});

test('while Redis is slow nobody waits for long', async () => {
  const { link, proxy } = await aLink();
  proxy.stall();
  const began = Date.now();
  await expect(ping(link)).rejects.toThrow('too long');
  expect(Date.now() - began).toBeLessThan(2_000);
  proxy.mend();
  await vi.waitFor(async () => expect(await ping(link)).toBe('PONG'));
});

test('while Redis is away questions fail at once, and work again when it is back', async () => {
  const { link, proxy } = await aLink();
  proxy.cut();
  await vi.waitFor(() => expect(ping(link)).rejects.toThrow());
  proxy.mend();
  await vi.waitFor(async () => expect(await ping(link)).toBe('PONG'), { timeout: 5_000 });
});

test('what is shared is read at the start, and again when Redis was away', async () => {
  const read = vi.fn(async () => undefined);
  const heard: string[] = [];
  const { proxy } = await aLink((link) => {
    link.hear('told', (message) => void heard.push(message));
    link.onResumed(read);
  });
  expect(read).toHaveBeenCalledTimes(1);
  proxy.cut();
  proxy.mend();
  await vi.waitFor(() => expect(read.mock.calls.length).toBeGreaterThan(1), { timeout: 5_000 });
  await vi.waitFor(async () => {
    await redis.redis.publish('told', 'news');
    expect(heard).toContain('news');
  });
});
