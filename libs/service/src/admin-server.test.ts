import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type AdminRoute, AdminServer } from './admin-server.ts';
import { listen } from './listen.ts';
import { createLogger } from './logger.ts';
import { ConfigError } from './operator-error.ts';

const routes: Record<string, AdminRoute> = {
  '/readyz': () => ({ status: 503, body: { ready: false } }),
  '/metrics': () => ({ body: 'calls 1\n', contentType: 'text/plain; version=0.0.4' }),
  '/scaling/*': (url) => ({ body: { pool: url.pathname.slice('/scaling/'.length) } }),
  '/broken': () => Promise.reject(new Error('broken')),
};

function server(port = 0): AdminServer {
  const admin = new AdminServer({
    host: '127.0.0.1',
    port,
    portVariable: 'MILLRACE_ADMIN_PORT',
    routes,
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  onTestFinished(() => admin.stop());
  return admin;
}

async function get(path: string, method = 'GET') {
  const admin = server();
  await admin.start();
  const response = await fetch(`http://127.0.0.1:${admin.address.port}${path}`, { method });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}

test('an answer goes out as JSON with its status', async () => {
  expect(await get('/readyz')).toEqual({ status: 503, type: 'application/json', body: '{"ready":false}' });
});

test('text goes out as it is', async () => {
  expect(await get('/metrics')).toEqual({
    status: 200,
    type: 'text/plain; version=0.0.4',
    body: 'calls 1\n',
  });
});

test('a route with /* answers everything below', async () => {
  expect((await get('/scaling/fast')).body).toBe('{"pool":"fast"}');
});

test.each([
  ['/nothing', 'GET', 404],
  ['/toString', 'GET', 404],
  ['/metrics', 'POST', 405],
  ['/metrics', 'HEAD', 200],
  ['/broken', 'GET', 500],
])('%s %s is %i', async (path, method, status) => {
  expect((await get(path, method)).status).toBe(status);
});

test('it may be stopped without a start, twice, and while it starts', async () => {
  const never = server();
  await never.stop();
  const admin = server();
  const starting = admin.start();
  await Promise.all([admin.stop(), admin.stop(), starting]);
  await expect(fetch(`http://127.0.0.1:${admin.address.port}/readyz`)).rejects.toThrow();
});

test('a taken port is one line that names the variable', async () => {
  const holder = createServer();
  onTestFinished(() => void holder.close());
  const { port } = await listen(holder, { host: '127.0.0.1', port: 0, variable: 'ANY' });
  const failure = await server(port)
    .start()
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConfigError);
  expect((failure as Error).message).toBe(
    `port ${port} on 127.0.0.1 is taken: set MILLRACE_ADMIN_PORT to another one`,
  );
});

test('a host that is not of this machine is told as well', async () => {
  const failing = listen(createServer(), { host: '192.0.2.1', port: 0, variable: 'MILLRACE_HTTP_PORT' });
  await expect(failing).rejects.toThrow(/^cannot listen on 192\.0\.2\.1, port 0 \(MILLRACE_HTTP_PORT\): /);
});
