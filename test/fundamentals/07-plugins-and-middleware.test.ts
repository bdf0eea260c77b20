import { afterAll, expect, test } from 'vitest';
import { connectModern } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { pluginPath } from '../support/plugin-path.ts';

/**
 * A worker serves the plugins that its configuration names. A plugin opens what it needs at set-up and closes it at
 * tear-down. Middleware wraps every call of the worker: what is configured is outermost, then come the layers of
 * the plugins by their order.
 */
const cluster = await startCluster({
  plugins: ['fixture', 'layers'],
  workerEnv: { MILLRACE_MIDDLEWARE: pluginPath('outermost'), TEST_GREETING: 'hello' },
});
afterAll(() => cluster.stop());

test('the tools of all plugins are served', async () => {
  const client = await connectModern(cluster.url);
  const shout = await client.callTool({ name: 'shout', arguments: { text: 'hi' } });
  const echo = await client.callTool({ name: 'echo', arguments: { text: 'hi' } });
  expect([shout.content, echo.content]).toEqual([
    [{ type: 'text', text: 'HI!' }],
    [{ type: 'text', text: 'hi' }],
  ]);
});

test('every call passes all layers in their order, also one to a tool of another plugin', async () => {
  const client = await connectModern(cluster.url);
  const { _meta } = await client.callTool({ name: 'echo', arguments: { text: 'hi' } });
  expect(_meta?.['test/layers']).toEqual(['inner', 'outer', 'configured']);
});

test('reading a resource passes them too', async () => {
  const client = await connectModern(cluster.url);
  const { _meta } = await client.readResource({ uri: 'note://readme' });
  expect(_meta?.['test/layers']).toEqual(['inner', 'outer', 'configured']);
});

test('a layer may answer in the place of the tool', async () => {
  const client = await connectModern(cluster.url);
  const { content } = await client.callTool({ name: 'shout', arguments: { text: 'shortcut' } });
  expect(content).toEqual([{ type: 'text', text: 'from the middleware' }]);
});

test('set-up sees the environment of the worker, and tear-down runs when the worker stops', async () => {
  const worker = await cluster.startWorker();
  expect(worker.logs.having('layers are set up', { greeting: 'hello' })).toHaveLength(1);
  expect(await worker.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(worker.logs.having('layers are torn down')).toHaveLength(1);
});
