import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentOf, lastOf, parseDockerfile, stepsOf } from '../container/dockerfile.ts';
import { LogLines } from '../support/log-lines.ts';
import { find, type Manifest, secretOf, type Tree } from './chart.ts';

const ROOT = join(import.meta.dirname, '../..');
const stages = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));

/** What of the repository an image has below its working directory. */
const CONTENT = ['apps', 'libs', 'node_modules', 'package.json'];

/** Ports are free ones here: several pods share this machine. */
const ANY_PORT = { MILLRACE_HTTP_PORT: '0', MILLRACE_ADMIN_PORT: '0', MILLRACE_LOG_LEVEL: 'debug' };

export interface PodOptions {
  /** All manifests of the release: Secrets and ConfigMaps are looked up in them. */
  readonly manifests: readonly Manifest[];
  /** Spec of the pod; its first container is started. */
  readonly spec: Tree;
  /** Target of the Dockerfile that the image stands for. */
  readonly image: string;
  /** In place of what the manifest says. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A container of a rendered pod as a process of this machine: its command, environment and mounted files. */
export class PodProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  readonly #root: string;
  #logs: LogLines | undefined;
  #output = '';

  constructor(options: PodOptions) {
    const [container] = options.spec.containers;
    const steps = stepsOf(stages, options.image);
    const workdir = lastOf(steps, 'WORKDIR')?.text ?? '/';
    this.#root = fileSystem(options, workdir);
    const [program = '', ...words]: string[] = container.command ?? lastOf(steps, 'ENTRYPOINT')?.words ?? [];
    const env = { ...environmentOf(steps), ...environment(options), ...ANY_PORT, ...options.env };
    this.#child = spawn(program, [...words, ...(container.args ?? [])], {
      cwd: join(this.#root, workdir),
      env: { ...this.#onThisMachine(env), PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (text) => {
        this.#output += text;
      });
    }
    this.#closed = once(this.#child, 'close');
  }

  /** What it logs; to be asked for at once, so that no line is missed. */
  get logs(): LogLines {
    if (!this.#child.stdout) throw new Error('the process has no output');
    this.#logs ??= new LogLines(this.#child.stdout);
    return this.#logs;
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves when it serves. @returns its ports */
  async listening(): Promise<{
    readonly http?: { readonly port: number };
    readonly admin: { readonly port: number };
  }> {
    const line = await this.logs.first('listening').catch((cause: unknown) => {
      throw new Error(`the pod did not start: ${this.#output}`, { cause });
    });
    return line as unknown as { http?: { port: number }; admin: { port: number } };
  }

  /** Lets the tools of the fixture plugin that are held under this key go on. */
  release(key: string): void {
    this.#child.send({ release: key });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit code once it has ended. */
  async ended(): Promise<number | null> {
    const [code] = await this.#closed;
    rmSync(this.#root, { recursive: true, force: true });
    return code as number | null;
  }

  #onThisMachine(env: Record<string, string>): Record<string, string> {
    const mounted = /^\/(etc|app)\//;
    return Object.fromEntries(
      Object.entries(env).map(([name, value]) => [
        name,
        mounted.test(value) ? join(this.#root, value) : value,
      ]),
    );
  }
}

/** A folder with what the image has, and the volumes that the container mounts. */
function fileSystem({ manifests, spec }: PodOptions, workdir: string): string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-pod-'));
  mkdirSync(join(root, workdir), { recursive: true });
  for (const name of CONTENT) symlinkSync(join(ROOT, name), join(root, workdir, name));
  for (const { name, mountPath } of spec.containers[0].volumeMounts ?? []) {
    const volume = spec.volumes.find((one: Tree) => one.name === name);
    const folder = join(root, mountPath);
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(contentOf(manifests, volume)))
      writeFileSync(join(folder, file), text);
  }
  return root;
}

function contentOf(
  manifests: readonly Manifest[],
  { secret, configMap }: Tree,
): Readonly<Record<string, string>> {
  if (secret) return secretOf(manifests, secret.secretName);
  return configMap ? (find(manifests, 'ConfigMap', configMap.name).data ?? {}) : {};
}

function environment({ manifests, spec }: PodOptions): Record<string, string> {
  const entries = spec.containers[0].env.map(({ name, value, valueFrom }: Tree) => {
    if (value !== undefined) return [name, value];
    const { name: secret, key } = valueFrom.secretKeyRef;
    return [name, secretOf(manifests, secret)[key]];
  });
  return Object.fromEntries(entries);
}
