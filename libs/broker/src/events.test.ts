import { afterEach, expect, test, vi } from 'vitest';
import { type ClusterEvent, EventPublisher, EventSubscriber } from './events.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const subscribers: EventSubscriber[] = [];

afterEach(async () => {
  for (const subscriber of subscribers.splice(0)) await subscriber.stop();
});

async function subscribe(until: string): Promise<{ heard: Promise<ClusterEvent[]> }> {
  const events: ClusterEvent[] = [];
  const last = Promise.withResolvers<ClusterEvent[]>();
  const onEvent = (event: ClusterEvent) => {
    events.push(event);
    if ('uri' in event && event.uri === until) last.resolve(events);
  };
  const subscriber = new EventSubscriber({ source: context.source, keys: context.keys, onEvent });
  subscribers.push(subscriber);
  await subscriber.start();
  return { heard: last.promise };
}

test('everybody hears of every change; the same one of one turn of the loop once', async () => {
  const all = await Promise.all([subscribe('docs://b'), subscribe('docs://b')]);
  const publisher = new EventPublisher(context.redis, context.keys, context.source.logger);
  for (const uri of ['docs://a', 'docs://a', 'docs://b'])
    publisher.publish({ kind: 'resource_updated', uri });
  for (const { heard } of all) {
    expect(await heard).toEqual([
      { kind: 'resource_updated', uri: 'docs://a' },
      { kind: 'resource_updated', uri: 'docs://b' },
    ]);
  }
});

test('an event that cannot be read costs later ones nothing', async () => {
  const { heard } = await subscribe('docs://a');
  await context.redis.publish(context.keys.events, 'no JSON');
  new EventPublisher(context.redis, context.keys, context.source.logger).publish({
    kind: 'resource_updated',
    uri: 'docs://a',
  });
  expect(await heard).toHaveLength(1);
});

test('who was cut off knows it, and is told when it hears again', async () => {
  const onResumed = vi.fn();
  const { source, keys } = context;
  const subscriber = new EventSubscriber({ source, keys, onEvent: () => undefined, onResumed });
  subscribers.push(subscriber);
  expect(subscriber.hears).toBe(false);
  await subscriber.start();
  expect(subscriber.hears).toBe(true);
  await context.dropSubscribers();
  await vi.waitFor(() => expect(onResumed).toHaveBeenCalledTimes(1));
  expect(subscriber.hears).toBe(true);
});
