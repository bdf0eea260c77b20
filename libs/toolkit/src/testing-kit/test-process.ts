import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LogLines } from './log-lines.ts';
import type { RedisProxy } from './redis-proxy.ts';

/** Settings of a process, as environment variables. */
export type TestEnv = Readonly<Record<string, string>>;

/** How a process ended. */
export interface TestExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Keeps compiled modules between starts, so that a process is up in half the time. */
const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(tmpdir(), 'millrace-compile-cache') };

/** How long a process may take to end after SIGTERM, in milliseconds, before it is killed. */
const END_WITHIN_MS = 10_000;

/** One front door or worker of a `TestCluster`: a process of its own, with a way to Redis of its own. */
export class TestProcess {
  readonly role: 'front-door' | 'worker';
  /** What it has logged, line by line. */
  readonly logs: LogLines;
  /** Resolves when it has ended, however. */
  readonly exited: Promise<TestExit>;
  readonly #child: ChildProcess;
  readonly #proxy: RedisProxy;
  #stderr = '';
  #killed = false;

  /** @param proxy its way to Redis */
  constructor(role: TestProcess['role'], proxy: RedisProxy, env: TestEnv) {
    this.role = role;
    this.#proxy = proxy;
    this.#child = fork(mainOf(role), [], {
      env: { ...COMPILE_CACHE, ...env, REDIS_URL: proxy.url },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new Error('the process has no output');
    this.logs = new LogLines(stdout);
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    // 'close' comes after the last output, 'exit' may come before it.
    this.exited = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }) as TestExit);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** What it printed beside its log: the error of a failed start, and warnings of the runtime. */
  get stderr(): string {
    return this.#stderr;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether the test ended it by force: then its exit code says nothing. */
  get killed(): boolean {
    return this.#killed;
  }

  /** Resolves with the line that tells where it listens. Rejects with what it said when it ends instead. */
  async listening(): Promise<Readonly<Record<string, unknown>>> {
    try {
      return await this.logs.first('listening');
    } catch (cause) {
      throw new Error(`the ${this.role} did not start: ${this.#stderr.trim()}`, { cause });
    }
  }

  /** Ends it at once, as a crash does. */
  kill(): Promise<TestExit> {
    this.#killed = true;
    this.#child.kill('SIGKILL');
    return this.exited;
  }

  /** Lets it finish what it has and end. It is killed when that takes longer than 10 s. */
  async stop(): Promise<TestExit> {
    this.#proxy.mend();
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_WITHIN_MS);
    const exit = await this.exited;
    clearTimeout(timer);
    await this.#proxy.stop();
    return exit;
  }

  /** Stops it in its tracks, as a machine that hangs does, until `resume`. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Breaks its connections to Redis, and refuses new ones, until `reconnect`. */
  cutOff(): void {
    this.#proxy.cut();
  }

  /** Holds back all that it and Redis send each other, until `reconnect`: then it arrives late. */
  stall(): void {
    this.#proxy.stall();
  }

  reconnect(): void {
    this.#proxy.mend();
  }

  /** Sends a message, which a plugin in the process hears with `process.on('message')`. */
  send(message: Readonly<Record<string, unknown>>): void {
    if (this.#child.connected) this.#child.send(message);
  }
}

/** The program, from the package that the test's own package, or its workspace, has installed. */
function mainOf(role: TestProcess['role']): string {
  try {
    const index = createRequire(import.meta.url).resolve(`@millrace/${role}`);
    return fileURLToPath(new URL('./main.ts', pathToFileURL(index)));
  } catch (cause) {
    throw new Error(`testCluster needs the package @millrace/${role}: install it beside @millrace/toolkit`, {
      cause,
    });
  }
}
