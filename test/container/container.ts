import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { LogLines } from '../support/log-lines.ts';
import { lastOf, type Stage, stepsOf } from './dockerfile.ts';
import type { ImageBuild } from './image-build.ts';

export interface ContainerOptions {
  readonly stages: readonly Stage[];
  readonly build: ImageBuild;
  readonly target: string;
  readonly env: Readonly<Record<string, string>>;
  /** In place of the image's CMD. */
  readonly args?: readonly string[];
}

/** A process as a container of a built target would run it: its entry point, in its folder, with its environment. */
export class Container {
  readonly #options: ContainerOptions;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #exited: Promise<unknown[]>;
  #logs: LogLines | undefined;
  #output = '';
  #errors = '';

  constructor(options: ContainerOptions) {
    this.#options = options;
    const [program = '', ...words] = this.#words('ENTRYPOINT');
    this.#child = spawn(program, [...words, ...(options.args ?? this.#words('CMD'))], {
      cwd: options.build.workdirOf(options.target),
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.#child;
    stdout.on('data', (text) => {
      this.#output += text;
    });
    stderr.on('data', (text) => {
      this.#errors += text;
    });
    this.#exited = once(this.#child, 'close');
  }

  /** What it logs, of a target that logs; to be asked for at once, so that no line is missed. */
  get logs(): LogLines {
    this.#logs ??= new LogLines(this.#child.stdout);
    return this.#logs;
  }

  get output(): string {
    return this.#output;
  }

  get errors(): string {
    return this.#errors;
  }

  /** Resolves when it serves. @returns its ports */
  async listening(): Promise<{
    readonly http?: { readonly port: number };
    readonly admin: { readonly port: number };
  }> {
    const line = await this.logs.first('listening').catch((cause: unknown) => {
      throw new Error(`the container did not start: ${this.#errors}`, { cause });
    });
    return line as unknown as { http?: { port: number }; admin: { port: number } };
  }

  /** Exit code of the image's health check: 0 is healthy. */
  health(adminPort: number): number | null {
    const words = JSON.parse(
      lastOf(this.#steps(), 'HEALTHCHECK')?.text.replace(/^CMD /, '') ?? '[]',
    ) as string[];
    const env = { ...this.#environment(), MILLRACE_ADMIN_PORT: String(adminPort) };
    return spawnSync(words[0] ?? '', words.slice(1), { env }).status;
  }

  /** Sends the image's stop signal. @returns the exit code */
  async stop(): Promise<number | null> {
    this.#child.kill(lastOf(this.#steps(), 'STOPSIGNAL')?.text as NodeJS.Signals);
    return this.exitCode();
  }

  async exitCode(): Promise<number | null> {
    const [code] = await this.#exited;
    return code as number | null;
  }

  #steps() {
    return stepsOf(this.#options.stages, this.#options.target);
  }

  #words(keyword: string): readonly string[] {
    return lastOf(this.#steps(), keyword)?.words ?? [];
  }

  #environment(): Record<string, string> {
    return { ...this.#options.build.environmentOf(this.#options.target), ...this.#options.env };
  }
}
