import { createRequire } from 'node:module';
import { ERRORS, type ErrorName, type ErrorType } from '@millrace/protocol';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { hasPostgres, startPostgres } from '../../apps/example-database/src/testing/postgres-server.ts';
import { startCluster } from '../support/cluster.ts';
import { PostgresProxy } from '../support/postgres-proxy.ts';
import { modernRequest, send, sessionRequest, toolCall, type WireRequest } from '../support/wire.ts';

/**
 * Whatever fails, and wherever, says so in the same form: in the `data` of a JSON-RPC error, or in `_meta` of the result
 * of a tool that failed.
 */
const cluster = await startCluster({ frontDoors: 2, workers: 2 });
afterAll(() => cluster.stop());

const shop = await startCluster({ workers: 0 });
const SHOP = { MILLRACE_PLUGINS: createRequire(import.meta.url).resolve('@millrace/example-database') };
await shop.startWorker(SHOP);
await shop.seesWorkers(1);
afterAll(() => shop.stop());

/** The structured error of an answer, wherever it stands. */
async function failureOf(
  request: WireRequest,
  url = cluster.urls[1] ?? '',
): Promise<Record<string, unknown>> {
  const { message } = await send(url, request);
  const meta = message.result?.['_meta'] as Record<string, Record<string, unknown>> | undefined;
  const failure = message.error?.data ?? meta?.['dev.millrace/error'];
  if (!failure) throw new Error(`no failure in ${JSON.stringify(message)}`);
  if (message.error)
    expect(failure).toMatchObject({ code: message.error.code, message: message.error.message });
  return failure;
}

const complete = {
  message: expect.stringMatching(/./),
  timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  requestId: expect.stringMatching(/./),
};

const wrongVersion = {
  ...modernRequest('tools/list', {}, { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' }),
};

test.each<[string, ErrorName, WireRequest]>([
  ['an unknown method', 'method_not_found', modernRequest('tools/dance')],
  ['an unknown tool', 'unknown_tool', toolCall('nothing')],
  ['an unknown prompt', 'unknown_prompt', modernRequest('prompts/get', { name: 'nothing' })],
  ['an unknown resource', 'resource_not_found', modernRequest('resources/read', { uri: 'note://nowhere' })],
  [
    'the same for an older client',
    'resource_not_found',
    sessionRequest('resources/read', { uri: 'note://no' }),
  ],
  ['wrong arguments', 'invalid_params', toolCall('echo', { text: 7 })],
  ['a forged state', 'invalid_params', modernRequest('tools/call', { name: 'fail', requestState: 'v1.x.y' })],
  ['a task for who takes none', 'missing_capability', modernRequest('tasks/get', { taskId: 'any' })],
  [
    'a revision that is not served',
    'unsupported_version',
    { ...wrongVersion, headers: { ...wrongVersion.headers, 'mcp-protocol-version': '2099-01-01' } },
  ],
  [
    'a header that contradicts the body',
    'header_mismatch',
    { ...toolCall('echo', { text: 'x' }), headers: { ...toolCall('add').headers } },
  ],
  ['a tool whose result is no JSON', 'internal_error', toolCall('unserialisable')],
  ['a tool that throws', 'tool_error', toolCall('fail')],
  ['a resource that throws', 'tool_error', modernRequest('resources/read', { uri: 'note://broken' })],
])('%s is %s, in full', async (_, name, request) => {
  const { type, retryable } = ERRORS[name];
  expect(await failureOf(request)).toMatchObject({ ...complete, name, type, retryable });
});

test('what may help stands with it: when to try again, and what to do', async () => {
  const other = await cluster.startWorker({ MILLRACE_POOLS: 'other' });
  await cluster.seesWorkers(3);
  await other.kill('SIGTERM');
  const named = async () => (await failureOf(toolCall('elsewhere')))['name'];
  await expect.poll(named).toBe('no_live_worker');
  expect(await failureOf(toolCall('elsewhere'))).toMatchObject({
    ...complete,
    type: 'unavailable',
    details: { target: 'elsewhere', pool: 'other' },
    retryable: true,
    retryAfterMs: 1_000,
    suggestions: [expect.stringContaining('Start a worker')],
  });
});

test('what ran past its deadline may be tried again only where a second run does no harm', async () => {
  expect(await failureOf(toolCall('hold_briefly', { key: 'late' }))).toMatchObject({
    ...complete,
    name: 'deadline_exceeded',
    type: 'timeout',
    retryable: false,
  });
});

describe('failures of a database are classified', () => {
  const ada = { email: 'ADA@millrace.example', name: 'Ada' };

  test.each<[string, ErrorType, Record<string, unknown>, WireRequest]>([
    [
      'a duplicate',
      'conflict',
      { details: { field: 'email', email: ada.email }, retryable: false },
      toolCall('create_user', ada),
    ],
    ['a wrong argument', 'validation', { name: 'invalid_params' }, toolCall('create_user', { name: 'Ada' })],
    [
      'a row that is not there',
      'resource_not_found',
      { details: { uri: 'user://999' } },
      modernRequest('resources/read', { uri: 'user://999' }),
    ],
  ])('%s is of the type %s', async (_, type, more, request) => {
    expect(await failureOf(request, shop.url)).toMatchObject({ ...complete, type, ...more });
  });
});

test.runIf(hasPostgres())(
  'a database that cannot be reached is unavailable, until it can be reached again',
  async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    const proxy = await PostgresProxy.start(server.url);
    onTestFinished(() => proxy.stop());
    const away = await startCluster({ workers: 0 });
    onTestFinished(() => away.stop());
    await away.startWorker({ ...SHOP, DATABASE_URL: proxy.url });
    await away.seesWorkers(1);
    const create = toolCall('create_user', { email: 'newcomer@millrace.example', name: 'Newcomer' });
    await proxy.cut();
    expect(await failureOf(create, away.url)).toMatchObject({
      ...complete,
      type: 'unavailable',
      retryable: true,
      retryAfterMs: 2_000,
      suggestions: [expect.stringContaining('Try again')],
    });
    await proxy.mend();
    expect((await send(away.url, create)).message.result).toMatchObject({ structuredContent: {} });
  },
  60_000,
);
