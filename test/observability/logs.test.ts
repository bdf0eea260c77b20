import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { callTool } from '../support/tasks.ts';

const cluster = await startCluster({
  plugins: ['fixture', 'checked'],
  workerEnv: { MILLRACE_LOG_LEVEL: 'info' },
});
afterAll(() => cluster.stop());

const [worker = cluster.spawn('worker')] = cluster.workers;
const admin = `http://127.0.0.1:${(await worker.listening()).admin.port}`;

test('a line of a call says which one it is, whose, and of which tool, and the client can name it', async () => {
  const { result, error } = await callTool(cluster.url, 'fail_loudly');
  const told = JSON.stringify(result ?? error);
  const line = await worker.logs.first('a call failed', { tool: 'fail_loudly' });
  expect(line).toMatchObject({ level: 'error', name: 'worker', tenant: 'default' });
  expect(told).toContain(String(line['call']));
});

test('the level is changed on the admin port, without a restart', async () => {
  const put = (level: string) => fetch(`${admin}/log-level`, { method: 'PUT', body: level });
  const levels = () => worker.logs.all.map(({ level }) => level);
  expect(levels()).not.toContain('debug');
  expect((await put('debug')).status).toBe(200);
  await callTool(cluster.url, 'steps', { count: 1 });
  await expect.poll(async () => (await fetch(`${admin}/log-level`)).json()).toEqual({ level: 'debug' });
  expect((await put('louder')).status).toBe(400);
  expect(worker.logs.having('the log level was changed')).toHaveLength(1);
});

test('it is changed on the admin port alone', async () => {
  const answer = await fetch(cluster.url.replace('/mcp', '/log-level'), { method: 'PUT', body: 'silent' });
  expect(answer.status).toBe(404);
});
