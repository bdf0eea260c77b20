import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { textOf } from '../support/session.ts';
import { childrenOf, hosting, testServer } from '../support/upstreams.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * How long processes of a hosted server live: until they have run their calls, are old, have nothing to do, or do not
 * answer any more; and how many calls each of them gets at the same time.
 */
const folder = mkdtempSync(join(tmpdir(), 'millrace-life-'));
const hanging = join(folder, 'hanging');
/** Each is told from the others by the last argument of its command, and by the prefix of its tools. */
const host = (name: string, settings: object) => ({
  [name]: {
    ...testServer('patient', join(folder, name)),
    prefix: `${name}_`,
    era: 'session' as const,
    ...settings,
  },
});
const cluster = await startCluster({
  plugins: [],
  workerEnv: hosting({
    ...host('worn', { max: 1, recycleAfterCalls: 3 }),
    ...host('old', { max: 1, recycleAfterMs: 600 }),
    ...host('idle', { max: 3, idleStopMs: 400 }),
    ...host('hanging', { max: 1, healthMs: 200, healthTimeoutMs: 300, stopGraceMs: 400 }),
    ...host('shared', { max: 1, concurrency: 2 }),
    ...host('alone', { max: 2, concurrency: 1 }),
  }),
});
const [worker] = cluster.workers;
afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true });
});

const call = async (name: string, args = {}) =>
  textOf((await send(cluster.url, toolCall(name, args))).message);
const processesOf = (name: string) =>
  childrenOf(worker?.pid ?? 0).filter(({ command }) => command.endsWith(join(folder, name)));

/** Begins so many calls, and lets them end when all of them run. @returns which processes ran them */
async function holdOn(name: string, calls: number): Promise<(string | undefined)[]> {
  const held = Array.from({ length: calls }, (_, n) => call(`${name}_hold`, { n }));
  const fields = { upstream: name, line: 'holding' };
  const running = () => worker?.logs.having('an upstream said', fields);
  await vi.waitFor(() => expect(running()).toHaveLength(calls), { timeout: 5_000 });
  writeFileSync(join(folder, `${name}.go`), '');
  return Promise.all(held);
}

test('a process is replaced after as many calls as it may run', async () => {
  const first = await call('worn_whoami');
  const pids: (string | undefined)[] = [];
  const replaced = async () => {
    pids.push(await call('worn_whoami'));
    expect(pids.at(-1)).not.toBe(first);
  };
  await vi.waitFor(replaced, { timeout: 5_000 });
  const next = pids.at(-1);
  pids.push(await call('worn_whoami'), await call('worn_whoami'), await call('worn_whoami'));
  expect(pids.filter((pid) => pid === next)).toHaveLength(3);
  expect(pids.at(-1)).not.toBe(next);
});

test('a process is replaced at the age that it may reach, while calls go on', async () => {
  const first = await call('old_whoami');
  await vi.waitFor(async () => expect(await call('old_whoami')).not.toBe(first), { timeout: 5_000 });
  await vi.waitFor(() => expect(processesOf('old').map(({ pid }) => String(pid))).not.toContain(first), {
    timeout: 5_000,
  });
  expect(await call('old_whoami')).toMatch(/^\d+$/);
});

test('processes that have nothing to do are stopped, down to the least', async () => {
  expect(new Set(await holdOn('idle', 3)).size).toBe(3);
  await vi.waitFor(() => expect(processesOf('idle')).toHaveLength(1), { timeout: 10_000 });
  expect(await call('idle_whoami')).toBe(String(processesOf('idle')[0]?.pid));
});

test('a process that hangs is found out by the health check and replaced', async () => {
  const hung = await call('hanging_whoami');
  const replaced = worker?.logs.next('a process of an upstream does not answer and is replaced', {
    upstream: 'hanging',
  });
  writeFileSync(hanging, '');
  expect(await replaced).toMatchObject({ level: 'warn' });
  rmSync(hanging);
  await vi.waitFor(() => expect(processesOf('hanging').map(({ pid }) => String(pid))).not.toContain(hung), {
    timeout: 5_000,
  });
  expect(await call('hanging_whoami')).not.toBe(hung);
});

test('a process runs as many calls at the same time as is set', async () => {
  const [one, other] = await Promise.all([call('shared_meet', { n: 1 }), call('shared_meet', { n: 2 })]);
  expect(one).toMatch(/^\d+$/);
  expect(other).toBe(one);
});

test('and no more: the next call waits for another process', async () => {
  expect(new Set(await holdOn('alone', 2)).size).toBe(2);
});
