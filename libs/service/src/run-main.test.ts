import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';
import { ConfigError } from './operator-error.ts';
import { type Main, runMain } from './run-main.ts';

/** Stands for the process: records what is written and awaits the exit. */
class FakeHost extends EventEmitter {
  readonly exited = Promise.withResolvers<number>();
  written = '';
  readonly stderr = {
    write: (text: string) => {
      this.written += text;
    },
  };
  exitCode: number | undefined;
  exit(code: number): void {
    this.exitCode ??= code;
    this.exited.resolve(code);
  }
  get process(): NodeJS.Process {
    return this as unknown as NodeJS.Process;
  }
}

type Ends = Pick<Main, 'failed' | 'ended'>;

function main(overrides: Partial<Main['service']> & Ends = {}) {
  const log: string[] = [];
  const { failed, ended, ...behaviour } = overrides;
  const service = {
    start: async () => void log.push('start'),
    stop: async () => void log.push('stop'),
    ...behaviour,
  };
  const logger = createLogger({ name: 'test', level: 'silent' });
  const built: Main = {
    service,
    shutdownTimeoutMs: 10,
    logger,
    ...(failed && { failed }),
    ...(ended && { ended }),
  };
  return { log, build: async () => built };
}

const never = () => new Promise<never>(() => undefined);

test.each(['SIGTERM', 'SIGINT', 'disconnect'])('%s stops the service and exits with 0', async (event) => {
  const host = new FakeHost();
  const { log, build } = main();
  await runMain(build, host.process);
  host.emit(event);
  expect(await host.exited.promise).toBe(0);
  expect(log).toEqual(['start', 'stop']);
});

test('a service that has done its work is stopped, and the process exits with 0', async () => {
  const host = new FakeHost();
  const work = Promise.withResolvers<void>();
  const { log, build } = main({ ended: work.promise });
  await runMain(build, host.process);
  expect(host.exitCode).toBeUndefined();
  work.resolve();
  expect(await host.exited.promise).toBe(0);
  expect(log).toEqual(['start', 'stop']);
});

test('the stop gets its deadline', async () => {
  const host = new FakeHost();
  const deadline = Promise.withResolvers<number | undefined>();
  const { build } = main({ stop: async (until) => deadline.resolve(until) });
  const before = Date.now();
  await runMain(build, host.process);
  host.emit('SIGTERM');
  expect(await deadline.promise).toBeGreaterThanOrEqual(before + 10);
});

test('a second signal exits at once with 1, but not the echo of the first', async () => {
  const host = new FakeHost();
  let now = 0;
  const gate = Promise.withResolvers<void>();
  await runMain(main({ stop: () => gate.promise }).build, host.process, { now: () => now });
  host.emit('SIGINT');
  now = 100;
  host.emit('SIGINT');
  expect(host.exitCode).toBeUndefined();
  now = 2000;
  host.emit('SIGINT');
  expect(host.exitCode).toBe(1);
  gate.resolve();
});

test('a stop that takes too long exits with 1', async () => {
  const host = new FakeHost();
  await runMain(main({ stop: never }).build, host.process);
  host.emit('SIGTERM');
  expect(await host.exited.promise).toBe(1);
});

test('a stop that fails exits with 1', async () => {
  const host = new FakeHost();
  await runMain(main({ stop: () => Promise.reject(new Error('stuck')) }).build, host.process);
  host.emit('SIGTERM');
  expect(await host.exited.promise).toBe(1);
});

test('a ConfigError is told without a stack, whether it comes from build or start', async () => {
  const wrong = async () => {
    throw new ConfigError('MILLRACE_HTTP_PORT: "abc" — expected a whole number');
  };
  for (const build of [wrong, main({ start: wrong }).build]) {
    const host = new FakeHost();
    await runMain(build, host.process);
    expect(await host.exited.promise).toBe(1);
    expect(host.written).toBe('MILLRACE_HTTP_PORT: "abc" — expected a whole number\n');
  }
});

test('a signal during a start stops the service and exits with 0, though the start then fails', async () => {
  const host = new FakeHost();
  const gate = Promise.withResolvers<void>();
  const { log, build } = main({ start: () => gate.promise });
  const running = runMain(build, host.process);
  await Promise.resolve();
  host.emit('SIGINT');
  gate.reject(new Error('interrupted'));
  await running;
  expect(await host.exited.promise).toBe(0);
  expect(log).toEqual(['stop']);
});

test('a signal before the build is done ends with 0, whatever the build gives', async () => {
  for (const outcome of [main().build, () => Promise.reject(new Error('interrupted'))]) {
    const host = new FakeHost();
    const gate = Promise.withResolvers<void>();
    const running = runMain(() => gate.promise.then(outcome), host.process);
    host.emit('SIGTERM');
    gate.resolve();
    await running;
    expect(await host.exited.promise).toBe(0);
  }
});

test('a service that cannot go on is stopped, and the exit code is 1', async () => {
  const host = new FakeHost();
  const failure = Promise.withResolvers<never>();
  const { log, build } = main({ failed: failure.promise });
  await runMain(build, host.process);
  failure.reject(new ConfigError('the worker died'));
  expect(await host.exited.promise).toBe(1);
  expect(host.written).toBe('the worker died\n');
  expect(log).toEqual(['start', 'stop']);
});

test.each(['uncaughtException', 'unhandledRejection'])('%s exits with 1', async (event) => {
  const host = new FakeHost();
  await runMain(main().build, host.process);
  host.emit(event, new Error('surprise'));
  expect(await host.exited.promise).toBe(1);
});
