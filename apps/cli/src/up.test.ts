import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from '@millrace/service';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { reservePort } from './port.ts';

/** Stands for a front door or a worker: notes what happens to it and is ready at once. */
const FAKE = `
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename } from 'node:path';
const name = basename(process.argv[1], '.mjs');
const note = (text) => appendFileSync(process.env.NOTES, text + '\\n');
const { pid, env } = process;
const leave = (why) => { note(why + ' ' + name); process.exit(0); };
process.on('SIGTERM', () => leave('SIGTERM'));
process.on('disconnect', () => leave('disconnect'));
note(JSON.stringify({ name, pid, redis: env.REDIS_URL, port: env.MILLRACE_ADMIN_PORT, plugins: env.MILLRACE_PLUGINS }));
const bothRun = () => readFileSync(process.env.NOTES, 'utf8').split('\\n').length > 2;
if (env.DIES === name) setInterval(() => bothRun() && process.exit(7), 10);
const status = env.UNREADY === name ? 503 : 200;
createServer((_, response) => response.writeHead(status).end()).listen(env.MILLRACE_ADMIN_PORT, '127.0.0.1');
`;

const up = new URL('./up.ts', import.meta.url).href;
const config = new URL('./config.ts', import.meta.url).href;

/** A main that differs from the real one in the programs that it starts. */
const DRIVER = `
import { createLogger, runMain } from '@millrace/service';
import { createUp } from '${up}';
import { loadUpConfig } from '${config}';
const { env } = process;
await runMain(async () => createUp({
  config: loadUpConfig(env),
  frontDoorMain: env.FOLDER + '/front-door.mjs',
  workerMain: env.FOLDER + '/worker.mjs',
  examplePlugin: '/example/index.ts',
  env,
  startTimeoutMs: Number(env.START_TIMEOUT_MS ?? 10000),
  logger: createLogger({ name: 'millrace', level: 'silent' }),
  print: (text) => console.log(text),
}), process);
`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-up-'));
  writeFileSync(join(folder, 'front-door.mjs'), FAKE);
  copyFileSync(join(folder, 'front-door.mjs'), join(folder, 'worker.mjs'));
  return () => rmSync(folder, { recursive: true });
});

interface Note {
  readonly name: string;
  readonly pid: number;
  readonly redis: string;
  readonly port: string;
  readonly plugins: string;
}

class Run {
  readonly notesPath = join(mkdtempSync(join(folder, 'run-')), 'notes');
  readonly process: ChildProcess;
  readonly ended: Promise<unknown[]>;
  stdout = '';
  stderr = '';

  constructor(env: Record<string, string> = {}) {
    const ports = { MILLRACE_HTTP_PORT: '0', MILLRACE_ADMIN_PORT: '0', MILLRACE_WORKER_ADMIN_PORT: '0' };
    this.process = spawn(process.execPath, ['--input-type=module', '-e', DRIVER], {
      cwd: import.meta.dirname,
      env: { PATH: process.env['PATH'], FOLDER: folder, NOTES: this.notesPath, ...ports, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = once(this.process, 'close');
    this.process.stdout?.on('data', (text) => {
      this.stdout += text;
    });
    this.process.stderr?.on('data', (text) => {
      this.stderr += text;
    });
    onTestFinished(async () => {
      this.process.kill('SIGKILL');
      await this.ended;
    });
  }

  get notes(): string[] {
    return readFileSync(this.notesPath, 'utf8').trim().split('\n');
  }

  get programs(): Note[] {
    return this.notes.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  program(name: string): Note | undefined {
    return this.programs.find((note) => note.name === name);
  }

  get ends(): string[] {
    return this.notes.filter((line) => !line.startsWith('{'));
  }

  async ready(): Promise<void> {
    while (!this.stdout.includes('Ctrl-C stops everything'))
      await once(this.process.stdout ?? this.process, 'data');
  }

  async exitCode(): Promise<number> {
    await this.ended;
    return this.process.exitCode ?? -1;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function untilDead(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(10);
}

async function untilRefused(redisUrl: string): Promise<void> {
  const url = redisUrl.replace('redis:', 'http:');
  // Redis closes on HTTP at once; nobody there refuses the connection.
  const code = () => fetch(url).catch((error: Error) => (error.cause as NodeJS.ErrnoException).code);
  while ((await code()) !== 'ECONNREFUSED') await sleep(10);
}

test('it gives both programs what they need, and says where it listens', async () => {
  const run = new Run();
  await run.ready();
  const [frontDoor, worker] = [run.program('front-door'), run.program('worker')];
  expect(frontDoor).toMatchObject({
    name: 'front-door',
    redis: expect.stringMatching(/^redis:\/\/127\.0\.0\.1:\d+$/),
  });
  expect(worker).toMatchObject({ name: 'worker', redis: frontDoor?.redis, plugins: '/example/index.ts' });
  expect(run.stdout).toContain(`front door, admin  http://127.0.0.1:${frontDoor?.port}\n`);
  expect(run.stdout).toContain(`worker, admin      http://127.0.0.1:${worker?.port}\n`);
  expect(run.stdout).toMatch(/NO AUTHENTICATION\. Bound to 127\.0\.0\.1/);
  // The first start on a machine compiles everything.
}, 60_000);

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s stops worker, front door and Redis in that order; exit 0',
  async (signal) => {
    const run = new Run();
    await run.ready();
    run.process.kill(signal);
    expect(await run.exitCode()).toBe(0);
    expect(run.ends).toEqual(['SIGTERM worker', 'SIGTERM front-door']);
    await untilRefused(run.programs[0]?.redis ?? '');
  },
);

test('when it is killed itself, nothing stays behind', async () => {
  const run = new Run();
  await run.ready();
  run.process.kill('SIGKILL');
  for (const { pid } of run.programs) await untilDead(pid);
  expect(run.ends.toSorted()).toEqual(['disconnect front-door', 'disconnect worker']);
  await untilRefused(run.programs[0]?.redis ?? '');
});

test('a program that dies ends everything, with a clear line; exit 1', async () => {
  const run = new Run({ DIES: 'worker' });
  expect(await run.exitCode()).toBe(1);
  expect(run.stderr).toBe('the worker ended by itself (exit code 7)\n');
  expect(run.ends).toEqual(['SIGTERM front-door']);
});

test('a program that does not get ready ends everything, with a clear line; exit 1', async () => {
  const run = new Run({ UNREADY: 'front-door', START_TIMEOUT_MS: '2000' });
  expect(await run.exitCode()).toBe(1);
  expect(run.stderr).toMatch(/^the front door was not ready within 2 s \(http:.*\/readyz\)\n$/);
  expect(run.ends).toEqual(['SIGTERM worker', 'SIGTERM front-door']);
});

test.each(['MILLRACE_HTTP_PORT', 'MILLRACE_ADMIN_PORT', 'MILLRACE_WORKER_ADMIN_PORT'])(
  'a taken port is one line that names %s, before anything starts',
  async (variable) => {
    const holder = createServer();
    onTestFinished(() => void holder.close());
    const { port } = await listen(holder, { host: '127.0.0.1', port: 0, variable });
    const run = new Run({ [variable]: String(port) });
    expect(await run.exitCode()).toBe(1);
    expect(run.stderr).toBe(`port ${port} on 127.0.0.1 is taken: set ${variable} to another one\n`);
    expect(() => run.notes).toThrow('ENOENT');
  },
);

test('the same port twice is told', async () => {
  const port = await reservePort({ host: '127.0.0.1', port: 0, variable: 'ANY' });
  const run = new Run({ MILLRACE_HTTP_PORT: String(port), MILLRACE_ADMIN_PORT: String(port) });
  expect(await run.exitCode()).toBe(1);
  expect(run.stderr).toBe(`port ${port} is asked for twice: set MILLRACE_ADMIN_PORT to another one\n`);
});

test('one file may hold the settings of all', async () => {
  const file = join(folder, 'millrace.json');
  const settings = { redisUrl: 'redis://127.0.0.1:1', worker: { plugins: ['/mine.ts'], slots: 3 } };
  writeFileSync(file, JSON.stringify(settings));
  const run = new Run({ MILLRACE_CONFIG: file });
  await run.ready();
  expect(run.program('worker')).toMatchObject({ redis: 'redis://127.0.0.1:1' });
  expect(run.program('worker')?.plugins).toBeUndefined();
});
