import { expect, onTestFinished, test } from 'vitest';
import { AdminServer } from './admin-server.ts';
import { logLevelRoute } from './log-level-route.ts';
import { createLogger } from './logger.ts';

async function server() {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: 'test', level: 'info', destination });
  const routes = { '/log-level': logLevelRoute(logger), '/readyz': () => ({ body: {} }) };
  const admin = new AdminServer({ host: '127.0.0.1', port: 0, portVariable: 'PORT', routes, logger });
  await admin.start();
  onTestFinished(() => admin.stop());
  const base = `http://127.0.0.1:${admin.address.port}`;
  const put = (body: string, path = '/log-level') => fetch(`${base}${path}`, { method: 'PUT', body });
  return { base, put, logger, lines };
}

test('the level is changed while the process runs', async () => {
  const { base, put, logger, lines } = await server();
  logger.debug('not heard');
  expect(await (await put('debug\n')).json()).toEqual({ level: 'debug' });
  logger.debug('heard');
  expect(await (await fetch(`${base}/log-level`)).json()).toEqual({ level: 'debug' });
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['the log level was changed', 'heard']);
});

test('what is no level is refused, and nothing changes', async () => {
  const { put, logger } = await server();
  const refused = await put('loud');
  expect([refused.status, logger.level]).toEqual([400, 'info']);
  expect(await refused.json()).toEqual({ error: expect.stringContaining('trace') });
});

test('a body that is too long for a level is refused unread', async () => {
  const { put, logger } = await server();
  expect((await put('x'.repeat(10_000))).status).toBe(413);
  expect(logger.level).toBe('info');
});

test('other paths can only be read', async () => {
  const { put } = await server();
  const refused = await put('debug', '/readyz');
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});
