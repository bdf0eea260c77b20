import { afterEach, expect, test } from 'vitest';
import { CancellationListener, CancellationSender } from './cancellations.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const listeners: CancellationListener[] = [];

afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.stop();
});

async function listen(pools: string[], count: number): Promise<{ heard: Promise<string[]> }> {
  const calls: string[] = [];
  const all = Promise.withResolvers<string[]>();
  const onCancelled = (call: string) => {
    if (calls.push(call) >= count) all.resolve(calls);
  };
  const { source, keys } = context;
  const listener = new CancellationListener({ source, keys, pools, onCancelled });
  listeners.push(listener);
  await listener.start();
  return { heard: all.promise };
}

test('every worker of a pool hears which of its calls nobody waits for any more', async () => {
  const workers = await Promise.all([listen(['default'], 2), listen(['default', 'slow'], 3)]);
  const sender = new CancellationSender(context.redis, context.keys, context.source.logger);
  sender.send('default', 'a');
  sender.send('slow', 'b');
  sender.send('default', 'c');
  const [one, both] = await Promise.all(workers.map(({ heard }) => heard));
  expect(one).toEqual(['a', 'c']);
  expect(both?.toSorted()).toEqual(['a', 'b', 'c']);
});

test('it still hears after Redis was away', async () => {
  const { heard } = await listen(['default'], 1);
  await context.dropSubscribers();
  const sender = new CancellationSender(context.redis, context.keys, context.source.logger);
  // A cancellation that nobody hears is lost for good, as it may be: so here it is sent until it is heard.
  const repeat = setInterval(() => sender.send('default', 'a'), 20);
  expect(await heard).toContain('a');
  clearInterval(repeat);
});
