import { type ChildProcess, spawn } from 'node:child_process';
import { NODE_ENVIRONMENT, NODE_FLAGS, OperatorError, type Service } from '@millrace/service';

export interface ProgramOptions {
  /** As messages call it: "the worker". */
  readonly name: string;
  /** Path of its `main.ts`. */
  readonly main: string;
  /** Asked for at the start. */
  readonly env: () => NodeJS.ProcessEnv;
  /** Given to the program to end; then it is killed. */
  readonly stopTimeoutMs: number;
}

/**
 * One program in a process of its own. It has its own process group, so that Ctrl-C in the terminal reaches only
 * this process, which then stops all in order; and an IPC channel, whose end tells it that this process is gone.
 */
export class Program implements Service {
  readonly #options: ProgramOptions;
  readonly #failure = Promise.withResolvers<never>();
  #child: ChildProcess | undefined;
  #ended: Promise<void> | undefined;
  #stopping = false;

  constructor(options: ProgramOptions) {
    this.#options = options;
    // Whoever asks for `failed` hears of it; nobody has to.
    this.#failure.promise.catch(() => undefined);
  }

  /** Rejects when the program ends without being asked to. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** Starts the process, and does not wait until the program is ready. */
  async start(): Promise<void> {
    if (this.#child || this.#stopping) return;
    const { main, env } = this.#options;
    const child = spawn(process.execPath, [...NODE_FLAGS, main], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
      env: { ...NODE_ENVIRONMENT, ...env() },
    });
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      const end = (how: string) => {
        resolve();
        if (!this.#stopping)
          this.#failure.reject(new OperatorError(`${this.#options.name} ended by itself (${how})`));
      };
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
      child.once('error', (error) => end(error.message));
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (!child) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.stopTimeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }
}
