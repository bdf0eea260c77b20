import { setTimeout as pause } from 'node:timers/promises';
import { ENVELOPE_VERSION } from '@millrace/protocol';
import { ClusterProcess, type Env, type Exit } from '../support/cluster-process.ts';
import { RedisProxy } from '../support/redis-proxy.ts';

export interface MemberOptions {
  readonly role: ClusterProcess['role'];
  readonly redisUrl: string;
  readonly env: Env;
  /** Told when the process was killed. */
  readonly onDeath: (pid: number) => void;
}

/** How long after the death of a process another one takes its place, in milliseconds. */
const RESTART_MS = 300;

/** A place in the cluster: there is a process in it again soon, whatever becomes of the one before. */
export class Member {
  readonly role: ClusterProcess['role'];
  readonly proxy: RedisProxy;
  readonly #options: MemberOptions;
  #process: ClusterProcess | undefined;
  #version = String(ENVELOPE_VERSION);
  #closing = false;
  #busy = false;
  #starting: Promise<void> = Promise.resolve();

  private constructor(options: MemberOptions, proxy: RedisProxy) {
    this.#options = options;
    this.role = options.role;
    this.proxy = proxy;
  }

  /** Resolves when its first process takes work. */
  static async start(options: MemberOptions): Promise<Member> {
    const member = new Member(options, await RedisProxy.start(options.redisUrl));
    await member.#begin();
    return member;
  }

  /** Whether it works, and nothing is being done to it. */
  get well(): boolean {
    return !this.#busy && this.#process !== undefined;
  }

  /** What its processes printed, should they have complained. */
  readonly complaints: string[] = [];

  /** Does something to it that takes a while; meanwhile nothing else is. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#process?.running) void this.#process.kill(signal);
  }

  /** Puts a process of the release before in its place, in good order, and back again after a while. */
  async upgrade(ms: number): Promise<void> {
    await this.during(async () => {
      await this.#replace(String(ENVELOPE_VERSION - 1));
      await pause(ms);
      await this.#replace(String(ENVELOPE_VERSION));
    });
  }

  async #replace(version: string): Promise<void> {
    this.#version = version;
    await this.#process?.kill('SIGTERM');
    await this.#starting;
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#closing = true;
    await this.#starting;
    this.proxy.mend();
    this.signal('SIGCONT');
    await this.#process?.kill('SIGTERM');
    await this.proxy.stop();
  }

  async #begin(): Promise<void> {
    const { role, env } = this.#options;
    const version = { MILLRACE_ENVELOPE_VERSION: this.#version };
    const process = new ClusterProcess(role, { ...env, ...version, REDIS_URL: this.proxy.url });
    void process.exited.then((exit) => this.#ended(process, exit));
    await process.listening();
    this.#process = process;
  }

  #ended(process: ClusterProcess, { code, signal }: Exit): void {
    if (process.stderr !== '') this.complaints.push(`a ${this.role} printed: ${process.stderr}`);
    if (signal === 'SIGKILL') this.#options.onDeath(process.pid);
    else if (code !== 0)
      this.complaints.push(`a ${this.role} ended with ${code ?? signal}: ${fatalOf(process)}`);
    if (this.#process === process) this.#process = undefined;
    if (!this.#closing) this.#starting = this.#restart();
  }

  async #restart(): Promise<void> {
    await pause(RESTART_MS);
    if (this.#closing) return;
    try {
      await this.#begin();
    } catch {
      // It died while it started, and `#ended` sees to the next one.
    }
  }
}

function fatalOf({ logs }: ClusterProcess): string {
  const lines = logs.all.filter(({ level }) => level === 'fatal' || level === 'error');
  return JSON.stringify(lines.slice(-3));
}
