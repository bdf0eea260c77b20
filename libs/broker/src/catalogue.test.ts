import { EMPTY_OFFER, type Offer } from '@millrace/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { Announcer } from './announcer.ts';
import { Catalogue } from './catalogue.ts';
import type { CatalogueView } from './catalogue-view.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const times = { heartbeatMs: 40, workerTtlMs: 200, offerTtlMs: 10_000 };
const services: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const service of services.splice(0).reverse()) await service.stop();
});

function offerOf(...tools: string[]): Offer {
  return {
    ...EMPTY_OFFER,
    tools: tools.map((name) => ({ pool: 'default', idempotent: true, definition: { name } })),
  };
}

function announcer(id: string, offer: () => Offer, heartbeatMs = times.heartbeatMs): Announcer {
  const { source, keys } = context;
  const worker = { id, pools: ['default'], slots: 4, startedAt: Date.now(), host: 'here', pid: 1 };
  const service = new Announcer({ source, keys, times: { ...times, heartbeatMs }, worker, offer });
  services.push(service);
  return service;
}

async function startCatalogue(heartbeatMs = times.heartbeatMs): Promise<Catalogue> {
  const { source, keys } = context;
  const catalogue = new Catalogue({ source, keys, times: { ...times, heartbeatMs } });
  services.push(catalogue);
  await catalogue.start();
  return catalogue;
}

const toolsOf = (view: CatalogueView) => view.tools.map(({ definition }) => definition.name);

/** Resolves at the first state of the catalogue that passes, be it the one of now. */
function until(catalogue: Catalogue, test: (view: CatalogueView) => boolean): Promise<CatalogueView> {
  return new Promise((resolve) => {
    const look = (view: CatalogueView) => {
      if (test(view)) resolve(view);
    };
    catalogue.onChange(look);
    look(catalogue.view);
  });
}

test('what a worker serves is known to a front door that starts later', async () => {
  await announcer('w-1', () => offerOf('echo')).start();
  const catalogue = await startCatalogue();
  expect(toolsOf(catalogue.view)).toEqual(['echo']);
  expect(catalogue.slotsOf('default')).toBe(4);
  expect(catalogue.slotsOf('other')).toBe(0);
});

test('a front door hears of a worker that comes, changes and goes at once, not at the next look', async () => {
  const catalogue = await startCatalogue(60_000);
  let tools = ['echo'];
  const worker = announcer('w-1', () => offerOf(...tools));
  await worker.start();
  await until(catalogue, (view) => toolsOf(view).join() === 'echo');
  tools = ['echo', 'add'];
  await worker.publish();
  await until(catalogue, (view) => toolsOf(view).join() === 'add,echo');
  await worker.stop();
  const view = await until(catalogue, ({ workers }) => workers.length === 0);
  expect(toolsOf(view)).toEqual(['add', 'echo']);
  expect(view.slots.size).toBe(0);
});

test('a worker that beats stays, one that fell silent is lost', async () => {
  await announcer('w-alive', () => offerOf('echo')).start();
  await announcer('w-silent', () => offerOf('echo'), 60_000).start();
  const catalogue = await startCatalogue();
  expect(catalogue.view.workers).toHaveLength(2);
  const view = await until(catalogue, ({ workers }) => workers.length === 1);
  expect(view.workers[0]?.id).toBe('w-alive');
});

test('that workers serve the same as before is no change', async () => {
  const workers = [announcer('w-1', () => offerOf('echo')), announcer('w-2', () => offerOf('add'))];
  for (const worker of workers) await worker.start();
  const catalogue = await startCatalogue(60_000);
  const changed = vi.fn();
  catalogue.onChange(changed);
  for (const worker of [...workers, ...workers]) {
    await worker.publish();
    await catalogue.refresh();
  }
  expect(changed).not.toHaveBeenCalled();
});

test('when Redis comes back empty, everything is published anew, and nothing is missed meanwhile', async () => {
  await announcer('w-1', () => offerOf('echo')).start();
  const catalogue = await startCatalogue();
  const changed = vi.fn();
  catalogue.onChange(changed);
  await context.redis.flushall();
  await catalogue.refresh();
  expect(toolsOf(catalogue.view)).toEqual(['echo']);
  await vi.waitUntil(() => context.redis.exists(context.keys.worker('w-1')));
  await catalogue.refresh();
  expect(changed).not.toHaveBeenCalled();
});

test('who does not publish anew after that is gone', async () => {
  await announcer('w-1', () => offerOf('echo'), 60_000).start();
  const catalogue = await startCatalogue();
  await context.redis.flushall();
  const view = await until(catalogue, ({ workers }) => workers.length === 0);
  expect(toolsOf(view)).toEqual([]);
});

test('a worker that stops leaves no record of itself', async () => {
  const worker = announcer('w-1', () => offerOf('echo'));
  await worker.start();
  await worker.stop();
  await worker.stop();
  const { redis, keys } = context;
  expect(await redis.exists(keys.worker('w-1'))).toBe(0);
  expect(await redis.zcard(keys.workers)).toBe(0);
});

test('what changes before the start or after the stop is not published', async () => {
  const worker = announcer('w-1', () => offerOf('echo'));
  await worker.publish();
  await worker.start();
  await worker.stop();
  await worker.publish();
  expect(await context.redis.zcard(context.keys.workers)).toBe(0);
});

test('both can be stopped when they were never started', async () => {
  const { source, keys } = context;
  await announcer('w-1', () => EMPTY_OFFER).stop();
  await new Catalogue({ source, keys, times }).stop();
});
