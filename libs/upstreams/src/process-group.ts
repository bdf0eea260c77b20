import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { OrphanGuard } from './orphan-guard.ts';

export interface ProcessGroupOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  /** From the request to end until all of it is killed, in milliseconds. */
  readonly stopGraceMs: number;
  readonly guard: OrphanGuard;
  /** Told before it is killed, because it has not ended when it was asked to. */
  readonly onKill?: () => void;
}

/** How long what was printed last may take to be read, once the process has ended. */
const DRAIN_MS = 500;

/**
 * One process with everything that it starts: a group of its own, so that all of it can be ended. It counts as ended
 * only when nothing is left of the group.
 */
export class ProcessGroup {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #options: ProcessGroupOptions;
  /** Resolves with how the process ended; what it printed last may still come. */
  readonly exited: Promise<string>;
  /** The same, when all that it had started is gone too. */
  readonly ended: Promise<string>;
  #stopping: Promise<void> | undefined;

  private constructor(child: ChildProcessWithoutNullStreams, options: ProcessGroupOptions) {
    this.#child = child;
    this.#options = options;
    options.guard.watch(this.pid);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.ended = this.#watch();
  }

  /** Rejects when there is no such program, or it must not be run. */
  static async start(options: ProcessGroupOptions): Promise<ProcessGroup> {
    const { command, args, cwd, env } = options;
    const child = spawn(command, args, {
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(cwd !== undefined && { cwd }),
    });
    // A process that has just ended takes no more input; that it ended is told by `ended`.
    child.stdin.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return new ProcessGroup(child, options);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get stdin(): ChildProcessWithoutNullStreams['stdin'] {
    return this.#child.stdin;
  }

  get stdout(): ChildProcessWithoutNullStreams['stdout'] {
    return this.#child.stdout;
  }

  get stderr(): ChildProcessWithoutNullStreams['stderr'] {
    return this.#child.stderr;
  }

  /** Ends its input, then asks it to end, then kills it, with all that it has started. Resolves when nothing is left. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { stopGraceMs, onKill } = this.#options;
    this.#child.stdin.end();
    // Most servers end with their input, and so get the time to end well.
    if (await this.#endsWithin(stopGraceMs / 4)) return;
    signalGroup(this.pid, 'SIGTERM');
    if (await this.#endsWithin(stopGraceMs)) return;
    onKill?.();
    signalGroup(this.pid, 'SIGKILL');
    await this.ended;
  }

  async #endsWithin(ms: number): Promise<boolean> {
    const waiting = new AbortController();
    const late = delay(ms, false, waiting).catch(() => true);
    const ended = await Promise.race([this.ended.then(() => true), late]);
    waiting.abort();
    return ended;
  }

  async #watch(): Promise<string> {
    const child = this.#child;
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const how = await this.exited;
    // What it had started has nobody to talk to any more.
    signalGroup(this.pid, 'SIGKILL');
    const drained = new AbortController();
    await Promise.race([closed, delay(DRAIN_MS, undefined, drained).catch(() => undefined)]);
    drained.abort();
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    this.#options.guard.release(this.pid);
    return how;
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    // Nothing is left of the group.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
