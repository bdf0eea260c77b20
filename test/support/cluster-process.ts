import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { NODE_ENVIRONMENT } from '@millrace/service';
import { LogLines } from './log-lines.ts';

export type Env = Readonly<Record<string, string>>;

/** The mains that a test can start. */
const MAINS = {
  'front-door': fileURLToPath(new URL('../../apps/front-door/src/main.ts', import.meta.url)),
  worker: fileURLToPath(new URL('../../apps/worker/src/main.ts', import.meta.url)),
} as const;

interface Port {
  readonly port: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One front door or worker, as the operating system sees it: a process of its own that gets signals. */
export class ClusterProcess {
  readonly role: keyof typeof MAINS;
  readonly logs: LogLines;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #stderr = '';
  #killed = false;

  /** Starts the process. Its end of the IPC channel closes with the test, so it never outlives one. */
  constructor(role: keyof typeof MAINS, env: Env) {
    this.role = role;
    this.#child = fork(MAINS[role], [], {
      env: { PATH: process.env['PATH'], ...NODE_ENVIRONMENT, ...env },
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
    this.exited = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }) as Exit);
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

  /** Whether it was ended by force, as a test wanted it: then its exit code says nothing. */
  get killed(): boolean {
    return this.#killed;
  }

  /** Tells that this process will be killed by what it runs. */
  expectDeath(): void {
    this.#killed = true;
  }

  /** Resolves when it takes work. @returns the ports that it listens on; a worker has no `http` */
  async listening(): Promise<{ readonly http?: Port; readonly admin: Port }> {
    try {
      return (await this.logs.first('listening')) as unknown as { admin: Port };
    } catch (cause) {
      throw new Error(`the ${this.role} did not start: ${this.#stderr}`, { cause });
    }
  }

  /** Sends a signal. @returns how the process ended, once it has */
  kill(signal: NodeJS.Signals): Promise<Exit> {
    if (signal === 'SIGKILL') this.#killed = true;
    this.#child.kill(signal);
    return this.exited;
  }

  /** Lets the tools of the fixture plugin that are held under this key go on. */
  release(key: string): void {
    if (this.#child.connected) this.#child.send({ release: key });
  }
}
