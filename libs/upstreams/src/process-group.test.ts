import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { OrphanGuard } from './orphan-guard.ts';
import { ProcessGroup } from './process-group.ts';
import { isRunning } from './testing/running.ts';

const guard = new OrphanGuard();
const env = { PATH: process.env['PATH'] ?? '' };
const shell = (script: string, stopGraceMs = 200) =>
  ProcessGroup.start({ command: 'sh', args: ['-c', script], env, stopGraceMs, guard });

async function firstNumber(group: ProcessGroup): Promise<number> {
  const [chunk] = await once(group.stdout, 'data');
  return Number(String(chunk).trim());
}

test('a program that does not exist is refused', async () => {
  await expect(
    ProcessGroup.start({ command: '/no/such', args: [], env, stopGraceMs: 1, guard }),
  ).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a process that ends by itself tells how', async () => {
  expect(await (await shell('exit 7')).ended).toBe('exit code 7');
  expect(await (await shell('kill -9 $$')).ended).toBe('SIGKILL');
});

test('it gets the environment that it is given, and nothing else', async () => {
  const group = await shell('env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | wc -l');
  expect(await firstNumber(group)).toBe(1);
  await group.stop();
});

test('it is asked to end by the end of its input, which most servers follow', async () => {
  const group = await shell('trap "" TERM; cat; exit 3', 5_000);
  await group.stop();
  expect(await group.ended).toBe('exit code 3');
});

test('one that ignores that and SIGTERM is killed, with all that it has started', async () => {
  const group = await shell(
    `trap '' TERM; sh -c "trap '' TERM; while :; do sleep 1; done" & echo $!; while :; do sleep 1; done`,
  );
  const child = await firstNumber(group);
  expect([isRunning(group.pid), isRunning(child)]).toEqual([true, true]);
  await Promise.all([group.stop(), group.stop()]);
  expect(await group.ended).toBe('SIGKILL');
  expect(isRunning(group.pid)).toBe(false);
  await vi.waitFor(() => expect(isRunning(child)).toBe(false));
});

test('what it had started ends with it, also when it ends by itself', async () => {
  const group = await shell('sleep 1000 & echo $!; exit 0');
  const child = await firstNumber(group);
  await group.ended;
  await vi.waitFor(() => expect(isRunning(child)).toBe(false));
});
