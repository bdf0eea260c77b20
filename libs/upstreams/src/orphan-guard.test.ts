import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { isRunning } from './testing/running.ts';

/** A process that hosts another one, which ignores the end of its input and SIGTERM. */
const HOST = `
  import { OrphanGuard } from ${JSON.stringify(fileURLToPath(new URL('orphan-guard.ts', import.meta.url)))};
  import { ProcessGroup } from ${JSON.stringify(fileURLToPath(new URL('process-group.ts', import.meta.url)))};
  const guard = new OrphanGuard();
  const group = await ProcessGroup.start({
    command: 'sh',
    args: ['-c', "trap '' TERM HUP; while :; do sleep 1; done"],
    env: process.env,
    stopGraceMs: 100,
    guard,
  });
  console.log(group.pid);
  process.on('message', async () => {
    await group.stop();
    process.disconnect();
  });
`;

function startHost() {
  return spawn(process.execPath, ['--input-type=module', '-e', HOST], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
}

test('what a host leaves behind when it is killed is ended', async () => {
  const host = startHost();
  const [line] = await once(host.stdout as NodeJS.ReadableStream, 'data');
  const orphan = Number(String(line));
  expect(isRunning(orphan)).toBe(true);
  host.kill('SIGKILL');
  await once(host, 'exit');
  await vi.waitFor(() => expect(isRunning(orphan)).toBe(false), { timeout: 10_000, interval: 100 });
});

test('a host that has stopped all ends by itself: the guard does not keep it', async () => {
  const host = startHost();
  const [line] = await once(host.stdout as NodeJS.ReadableStream, 'data');
  const exited = once(host, 'exit');
  host.send('stop');
  expect(await exited).toEqual([0, null]);
  expect(isRunning(Number(String(line)))).toBe(false);
});
