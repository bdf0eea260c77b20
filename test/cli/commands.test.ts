import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type TestCluster, testCluster } from '@millrace/toolkit/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../bench/free-port.ts';
import { pluginPath } from '../support/plugin-path.ts';

const MAIN = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));

/** Nobody listens there. */
const NOWHERE = `http://127.0.0.1:${await freePort()}/mcp`;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await testCluster({ plugins: [pluginPath('fixture')] });
});
afterAll(() => cluster.stop());

async function millrace(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { MILLRACE_URL: cluster.url, REDIS_URL: cluster.redisUrl, MILLRACE_PREFIX: cluster.prefix, ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [status] = await once(child, 'close');
  return { status, stdout, stderr };
}

describe('millrace call', () => {
  test('prints what the tool says', async () => {
    expect(await millrace(['call', 'echo', '--arg', 'text=3'])).toEqual({
      status: 0,
      stdout: '3\n',
      stderr: '',
    });
    expect((await millrace(['call', 'add', '--arg', 'a=1', '--args', '{"b":2}'])).stdout).toBe('{"sum":3}\n');
  });

  test('prints the whole result as JSON', async () => {
    const { stdout } = await millrace(['call', 'add', '--arg', 'a=1', '--arg', 'b=2', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ structuredContent: { sum: 3 } });
  });

  test.each([
    [['refuse'], 1, 'that user exists', ''],
    [['add', '--arg', 'a=x', '--arg', 'b=1'], 1, '', 'a: '],
    [['ech'], 2, '', 'there is no tool "ech"; did you mean echo?'],
    [['nothing'], 2, '', 'millrace tools lists them'],
    [['echo', '--arg', 'text'], 2, '', '--arg: "text" — expected name=value'],
    [['echo', '--args', 'x'], 2, '', '--args: '],
    [['echo', '--timeout', 'soon'], 2, '', '--timeout: "soon" — expected a whole number'],
    [['echo', '--url', 'ftp://x'], 2, '', '--url: "ftp://x" — expected http://HOST:PORT/mcp'],
    [['echo', '--url', NOWHERE], 3, '', `${NOWHERE} does not answer as an MCP server`],
  ])('%j ends with %i', async (args, status, stdout, stderr) => {
    const ended = await millrace(['call', ...args]);
    expect(ended.status).toBe(status);
    expect(ended.stdout).toContain(stdout);
    expect(ended.stderr).toContain(stderr);
  });
});

test('millrace tools lists what can be called', async () => {
  const { status, stdout } = await millrace(['tools']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^TOOL +DESCRIPTION\n/);
  expect(stdout).toMatch(/^echo +Gives back its text\.$/m);
  const tools = JSON.parse((await millrace(['tools', '--json'])).stdout) as { name: string }[];
  expect(tools.map(({ name }) => name)).toContain('add');
});

test('millrace workers lists who serves', async () => {
  const { status, stdout } = await millrace(['workers']);
  expect(status).toBe(0);
  expect(stdout.split('\n')[1]).toContain(String(cluster.workers[0]?.pid));
  expect(stdout).toContain('fixture@1.0.0');
  expect(JSON.parse((await millrace(['workers', '--json'])).stdout)).toMatchObject([
    { pid: cluster.workers[0]?.pid, pools: ['default'] },
  ]);
  expect(await millrace(['workers'], { MILLRACE_PREFIX: 'nobody' })).toMatchObject({ status: 1 });
});

test('millrace top shows pools and rates', async () => {
  const calls = Array.from({ length: 20 }, () =>
    cluster.callTool({ name: 'echo', arguments: { text: 'x' } }),
  );
  await Promise.all(calls);
  const { status, stdout } = await millrace([
    'top',
    '--once',
    '--json',
    '--admin',
    cluster.adminUrls[0] ?? '',
  ]);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    pools: expect.arrayContaining([expect.objectContaining({ pool: 'default', workers: 1, active: 0 })]),
    requests: { perSecond: expect.any(Number) },
    breakers: [],
    silent: [],
  });
  const alone = await millrace(['top', '--once', '--admin', 'http://127.0.0.1:1']);
  expect(alone.stdout).toContain('requests  not known yet');
  expect(alone.stdout).toContain('no answer from http://127.0.0.1:1');
  expect((await millrace(['top', '--admin', 'x'])).status).toBe(2);
});

describe('millrace bench', () => {
  test('measures the whole way', async () => {
    const args = [
      'bench',
      cluster.url,
      '--tool',
      'echo',
      '--args',
      '{"text":"x"}',
      '--duration',
      '1',
      '--json',
    ];
    const { status, stdout } = await millrace([...args, '--connections', '4']);
    expect(status).toBe(0);
    const figures = JSON.parse(stdout);
    expect(figures).toMatchObject({ errors: {} });
    expect(figures.requests).toBeGreaterThan(0);
    expect(figures.p50).toBeLessThanOrEqual(figures.p99);
  });

  test('counts what fails', async () => {
    const args = ['bench', cluster.url, '--tool', 'refuse', '--duration', '1', '--connections', '2'];
    const { status, stdout } = await millrace(args);
    expect(status).toBe(1);
    expect(stdout).toMatch(/errors: the tool failed × \d+/);
    expect((await millrace(['bench', NOWHERE, '--duration', '1', '--connections', '1'])).status).toBe(3);
  });
});

describe('millrace doctor', () => {
  test('finds nothing wrong with a healthy cluster', async () => {
    const { status, stdout } = await millrace(['doctor', '--admin', cluster.adminUrls[0] ?? '']);
    expect(stdout).toMatch(/^ok {3}Redis \d|^ok {3}Valkey \d/m);
    expect(stdout).toMatch(/^ok {3}1 live workers \(default: 64 slots\)$/m);
    expect(stdout).toMatch(/^ok {3}the front door at 127\.0\.0\.1:\d+ is ready$/m);
    expect(stdout).toMatch(/^ok {3}no authentication, on loopback$/m);
    expect(stdout).not.toContain('FAIL');
    expect(status).toBe(0);
  });

  test('says of each thing that is wrong what to do', async () => {
    const { status, stdout } = await millrace(['doctor', '--url', NOWHERE, '--json'], {
      MILLRACE_PREFIX: 'nobody',
    });
    expect(status).toBe(1);
    const wrong = (JSON.parse(stdout) as { level: string; what: string; advice?: string }[]).filter(
      ({ level }) => level === 'wrong',
    );
    expect(wrong).toEqual([
      { level: 'wrong', what: 'no live worker', advice: expect.stringContaining('MILLRACE_PREFIX') },
      { level: 'wrong', what: `${NOWHERE} cannot be reached (ECONNREFUSED)`, advice: expect.any(String) },
    ]);
  });
});

test('a Redis that is away is told, within seconds', async () => {
  const { status, stderr } = await millrace(['workers'], { REDIS_URL: 'redis://127.0.0.1:1' });
  expect([status, stderr]).toEqual([
    3,
    'millrace workers: Redis at 127.0.0.1:1 could not be reached within 5 s\n',
  ]);
});
