import { createLogger } from '@millrace/service';
import { definePlugin, defineTool } from '@millrace/toolkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import { loadWorkerConfig } from '../../apps/worker/src/config.ts';
import { createWorker, type Worker } from '../../apps/worker/src/worker.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { EventStream } from '../support/sse.ts';
import { modernRequest, send, toolCall } from '../support/wire.ts';

/**
 * A program of its own runs a worker, takes plugins in and lets go of them while it serves. Every front door of the
 * cluster, which are processes of their own, follows.
 */
const baking = (answer: string) =>
  definePlugin({
    name: 'baking',
    version: '1.0.0',
    tools: [defineTool({ name: 'bake', annotations: { readOnlyHint: true }, handler: () => answer })],
  });
const milling = definePlugin({
  name: 'milling',
  version: '1.0.0',
  tools: [defineTool({ name: 'mill', annotations: { readOnlyHint: true }, handler: () => 'flour' })],
});

async function start(): Promise<{ cluster: Cluster; worker: Worker }> {
  const cluster = await startCluster({ frontDoors: 2, workers: 0 });
  const env = {
    REDIS_URL: cluster.redisUrl,
    MILLRACE_PREFIX: cluster.prefix,
    MILLRACE_ADMIN_PORT: '0',
  };
  const logger = createLogger({ name: 'test', level: 'silent' });
  const worker = createWorker(loadWorkerConfig({ env }), { plugins: [milling, baking('bread')], logger });
  onTestFinished(async () => {
    await worker.stop();
    await cluster.stop();
  });
  await worker.start();
  await cluster.seesWorkers(1);
  return { cluster, worker };
}

async function toolsAt(url: string): Promise<string[]> {
  const { message } = await send(url, modernRequest('tools/list'));
  const { tools = [] } = (message.result ?? {}) as { tools?: { name: string }[] };
  return tools.map(({ name }) => name);
}

async function expectTools(cluster: Cluster, names: readonly string[]): Promise<void> {
  const shown = async (url: string) => expect(await toolsAt(url)).toEqual(names);
  for (const url of cluster.urls) await vi.waitFor(() => shown(url), { timeout: 5_000 });
}

async function listen(url: string): Promise<EventStream> {
  const { headers, body } = modernRequest('subscriptions/listen', {
    notifications: { toolsListChanged: true },
  });
  const stream = await EventStream.open(url, { method: 'POST', headers, body: JSON.stringify(body) });
  onTestFinished(() => stream.drop());
  await stream.message();
  return stream;
}

test('a plugin that is let go of leaves the lists of all front doors, and comes back with the next one', async () => {
  const { cluster, worker } = await start();
  await expectTools(cluster, ['bake', 'mill']);
  const streams = await Promise.all(cluster.urls.map(listen));

  await worker.registry.unregister('baking');
  for (const stream of streams) {
    expect((await stream.message()).message['method']).toBe('notifications/tools/list_changed');
  }
  await expectTools(cluster, ['mill']);
  for (const url of cluster.urls) {
    const { message } = await send(url, toolCall('bake'));
    expect(message.error).toMatchObject({ code: -32602 });
    expect((await send(url, toolCall('mill'))).message.result).toMatchObject({
      content: [{ text: 'flour' }],
    });
  }

  await worker.registry.register(baking('rolls'));
  for (const stream of streams) {
    expect((await stream.message()).message['method']).toBe('notifications/tools/list_changed');
  }
  await expectTools(cluster, ['bake', 'mill']);
  for (const url of cluster.urls) {
    expect((await send(url, toolCall('bake'))).message.result).toMatchObject({
      content: [{ text: 'rolls' }],
    });
  }
});
