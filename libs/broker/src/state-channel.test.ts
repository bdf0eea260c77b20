import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StateChannel } from './state-channel.ts';
import { useTestRedis } from './testing/test-redis.ts';

const test = useTestRedis();
let here: StateChannel;
let there: StateChannel;
const heard = vi.fn();

beforeEach(async () => {
  here = new StateChannel(test.source, test.keys);
  there = new StateChannel(test.source, test.keys);
  there.onInvalid(heard);
  await Promise.all([here.start(), there.start()]);
  heard.mockClear();
});
afterEach(() => Promise.all([here.stop(), there.stop()]));

it('tells the others what changed, and not itself', async () => {
  const own = vi.fn();
  here.onInvalid(own);
  await here.tell('a key: with spaces');
  await vi.waitFor(() => expect(heard.mock.calls).toEqual([['a key: with spaces']]));
  await there.tell('another');
  await vi.waitFor(() => expect(own.mock.calls).toEqual([['another']]));
});

it('says that it may have missed something when its connection breaks, and hears again after that', async () => {
  expect(there.hears).toBe(true);
  await test.dropSubscribers();
  await vi.waitFor(() => expect(heard).toHaveBeenCalledWith(undefined));
  await vi.waitFor(() => expect(there.hears).toBe(true));
  heard.mockClear();
  await here.tell('later');
  await vi.waitFor(() => expect(heard.mock.calls).toEqual([['later']]));
});

it('does not reject when Redis is away: the others are not told, and that is logged', async () => {
  await here.stop();
  await expect(here.tell('lost')).resolves.toBeUndefined();
});
