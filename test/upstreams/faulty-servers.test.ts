import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { connectModern } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { childrenOf, hosting, processes, testServer } from '../support/upstreams.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * Every way in which a hosted server can be bad, all at once on one worker, beside a good one that must not feel any of
 * it. What is wrong stands in the log of the worker, and in the error of whoever calls: with the name of the server, and
 * with what it said last.
 */
const folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'));
const children = join(folder, 'children');
const broken = join(folder, 'broken');
const times = { startTimeoutMs: 1_500, stopGraceMs: 400, breakerFailures: 2, breakerMs: 1_000, max: 1 };
const cluster = await startCluster({
  plugins: [],
  workerEnv: hosting({
    good: { ...testServer('workshop', 'good'), max: 2 },
    missing: { command: join(folder, 'no-such-program'), ...times },
    homeless: { ...testServer('workshop'), cwd: join(folder, 'no-such-folder'), ...times },
    exits: { ...testServer('faulty', 'exits'), ...times, env: { TOKEN: 'configuration' } },
    silent: { ...testServer('faulty', 'silent'), ...times },
    rubbish: { ...testServer('faulty', 'rubbish'), ...times },
    floods: { ...testServer('faulty', 'floods'), ...times, stderrPerSecond: 5 },
    forks: { ...testServer('faulty', 'forks', children), ...times },
    stubborn: { ...testServer('faulty', 'stubborn'), ...times },
    breaks: { ...testServer('faulty', 'breaks', broken), ...times },
    unreachable: { url: 'http://127.0.0.1:9/mcp', ...times },
  }),
});
let stopped = false;
const [worker] = cluster.workers;
afterAll(async () => {
  if (!stopped) await cluster.stop();
  rmSync(folder, { recursive: true });
});

const call = async (name: string) => (await send(cluster.url, toolCall(name))).message;
const alive = (pid: number) => processes().some((one) => one.pid === pid && one.state !== 'Z');

interface Failure {
  readonly message: string;
  readonly lastWords?: readonly string[];
}

async function failureOf(upstream: string): Promise<Failure> {
  const line = await worker?.logs.first('an upstream could not be started', { upstream });
  return line?.['error'] as Failure;
}

test('a command that does not exist is told by its name', async () => {
  const { message } = await failureOf('missing');
  expect(message).toContain(`there is no command "${join(folder, 'no-such-program')}"`);
});

test('a folder that does not exist is told by its name', async () => {
  expect((await failureOf('homeless')).message).toContain(
    `there is no folder "${join(folder, 'no-such-folder')}"`,
  );
});

test('a server that exits at once is told with its exit code and last lines, without its secrets', async () => {
  const { message, lastWords } = await failureOf('exits');
  expect(message).toContain('exit code 4');
  expect(lastWords).toEqual(['the *** is wrong', 'giving up']);
});

test('a server that never answers the handshake is told with the time that it had, and nothing of it is left', async () => {
  const { message, lastWords } = await failureOf('silent');
  expect(message).toContain('did not answer the handshake within 1500 ms');
  expect(lastWords).toEqual(['waiting for the licence']);
  const left = () => processes().filter(({ command }) => command.endsWith('faulty.ts silent'));
  await vi.waitFor(() => expect(left().length).toBeLessThanOrEqual(1));
});

test('an address where nobody listens is told', async () => {
  expect((await failureOf('unreachable')).message).toContain('http://127.0.0.1:9');
});

test('a server that prints rubbish on its standard output works, and what it printed is logged', async () => {
  expect(await call('of_rubbish')).toMatchObject({ result: { content: [{ text: expect.any(String) }] } });
  const line = { upstream: 'rubbish', stream: 'stdout', line: 'Welcome to the best server ever!' };
  await worker?.logs.first('an upstream said', line);
});

test('a server that floods its standard error works, and the log stays readable', async () => {
  const fields = { upstream: 'floods' };
  for (let second = 0; second < 2; second += 1) {
    await worker?.logs.next('lines of an upstream were left out', fields);
  }
  const lines = (worker?.logs.all ?? [])
    .filter(({ upstream }) => upstream === 'floods')
    .map(({ msg }) => msg);
  // Each window ends with what it left out.
  const windows = lines.join('\n').split('lines of an upstream were left out');
  const said = windows.map((window) => window.split('an upstream said').length - 1);
  expect(Math.max(...said)).toBe(5);
  expect(await call('of_floods')).toMatchObject({ result: { content: [{ text: expect.any(String) }] } });
});

test('a server that breaks later: calls are refused with its last words until it works again', async () => {
  const { result } = await call('of_breaks');
  const pid = Number((result as { content: [{ text: string }] }).content[0].text);
  writeFileSync(broken, '');
  process.kill(pid, 'SIGKILL');
  const refusal = async () => {
    const { error } = await call('of_breaks');
    expect(error).toMatchObject({ data: { name: 'upstream_unavailable' } });
    return error;
  };
  const refused = await vi.waitFor(refusal, { timeout: 5_000 });
  expect(refused).toMatchObject({
    code: -32018,
    message: expect.stringMatching(/"breaks" is not available: it ended \(exit code 5\).*the disk is full/),
    data: {
      retryable: true,
      retryAfterMs: expect.any(Number),
      details: { upstream: 'breaks', lastWords: ['the disk is full'] },
    },
  });
  rmSync(broken);
  await vi.waitFor(async () => expect(await call('of_breaks')).toHaveProperty('result'), { timeout: 5_000 });
});

test.each([
  ['missing', 'there is no command', []],
  ['silent', 'did not answer the handshake', ['waiting for the licence']],
  ['unreachable', 'http://127.0.0.1:9', []],
])('an operator who looks for %s finds why it is not served', async (upstream, reason, said) => {
  const line = await worker?.logs.first('an upstream could not be started', { upstream });
  expect(line).toMatchObject({
    level: 'warn',
    retryMs: expect.any(Number),
    error: { message: expect.stringContaining(reason), lastWords: said },
  });
});

test('a server that is killed from outside is told with its last lines', async () => {
  const { result } = await call('of_forks');
  const pid = Number((result as { content: [{ text: string }] }).content[0].text);
  const children = childrenOf(pid).map((child) => child.pid);
  expect(children).toHaveLength(2);
  process.kill(pid, 'SIGKILL');
  const line = await worker?.logs.first('a process of an upstream ended by itself', { upstream: 'forks' });
  expect(line).toMatchObject({ how: 'SIGKILL', lastWords: ['two helpers are on their way'] });
  await vi.waitFor(() => expect(children.map(alive)).toEqual([false, false]), { timeout: 5_000 });
  await vi.waitFor(async () => expect(await call('of_forks')).toHaveProperty('result'), { timeout: 5_000 });
});

test('the good server beside them has not noticed anything', async () => {
  const client = await connectModern(cluster.url);
  const names = (await client.listTools()).tools.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['whoami', 'of_rubbish', 'of_floods', 'of_forks', 'of_stubborn']),
  );
  for (let n = 0; n < 20; n += 1) {
    expect(await client.callTool({ name: 'whoami', arguments: {} })).not.toHaveProperty('isError');
  }
});

test('when the worker ends, all processes end: those that ignore SIGTERM, and what they have started', async () => {
  const stubborn = Number(
    ((await call('of_stubborn')).result as { content: [{ text: string }] }).content[0].text,
  );
  const forked = readFileSync(children, 'utf8').trim().split('\n').map(Number);
  // The first two ended with the process that was killed.
  const [, , ...helpers] = forked;
  expect([stubborn, ...helpers].map(alive)).toEqual([true, true, true]);
  const group = processes().find(({ pid }) => pid === stubborn)?.group;
  expect(group).toBe(stubborn);
  stopped = true;
  await cluster.stop();
  expect([stubborn, ...forked].map(alive)).toEqual([stubborn, ...forked].map(() => false));
  const reluctant = worker?.logs.having(
    'a process of an upstream did not end when it was asked to and is killed',
    { upstream: 'stubborn' },
  );
  expect(reluctant).toMatchObject([
    { level: 'warn', pid: stubborn, stopGraceMs: 400, lastWords: ['here to stay'] },
  ]);
});
