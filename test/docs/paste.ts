import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../bench/free-port.ts';
import type { Fence } from './fences.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a checkout has that the commands of a document use. */
const PARTS = ['apps', 'libs', 'node_modules', 'package.json'];

/** How long a command may take, in milliseconds. */
const TIMEOUT_MS = 60_000;

/** Ports of the documents, which a test may not take. */
const PORT = /\b(8080|8081|909[0-9]|6379)\b/g;

/** Pastes the code blocks of a document one after the other, as a reader would; ports are others, as these may be taken. */
export class Paste {
  readonly #folder: string;
  readonly #ports = new Map<string, number>();
  /** With the promise of its end. */
  readonly #background = new Map<ChildProcess, Promise<unknown>>();

  /** @param folder empty: stands for the checkout */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async begin(): Promise<void> {
    await Promise.all(PARTS.map((part) => symlink(join(ROOT, part), join(this.#folder, part))));
    for (const port of ['8080', '8081', '6379', ...[0, 1, 2, 3, 4].map((at) => `909${at}`)]) {
      this.#ports.set(port, await freePort());
    }
  }

  /** @returns what it printed. Rejects when it fails, with what it printed */
  async run(fence: Fence): Promise<string> {
    const { language, words, values } = fence;
    if (language === 'stop') return this.stop();
    if (language === 'ts' && values['file'] !== undefined) return this.#write(values['file'], fence.text);
    if (language !== 'sh') throw new Error(`line ${fence.line}: a ${language} block cannot be pasted`);
    if (words.includes('background')) return this.#start(fence);
    const shell = this.#spawn(fence.text);
    const output = collect(shell);
    const timer = setTimeout(() => kill(shell), TIMEOUT_MS);
    const [code] = await once(shell, 'close');
    clearTimeout(timer);
    if (code !== 0) throw new Error(`line ${fence.line} ended with ${code}:\n${output.text}`);
    return output.text;
  }

  /** Ctrl-C in all terminals. */
  async stop(): Promise<string> {
    const shells = [...this.#background];
    this.#background.clear();
    await Promise.all(
      shells.map(async ([shell, ended]) => {
        kill(shell, 'SIGINT');
        const timer = setTimeout(() => kill(shell), TIMEOUT_MS / 3);
        await ended;
        clearTimeout(timer);
      }),
    );
    return '';
  }

  async #write(file: string, text: string): Promise<string> {
    const path = join(this.#folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return '';
  }

  /** Resolves when the command has printed what it is waited for. */
  async #start({ text, values, line }: Fence): Promise<string> {
    const shell = this.#spawn(text);
    this.#background.set(shell, once(shell, 'close'));
    const output = collect(shell);
    const timer = setTimeout(() => kill(shell), TIMEOUT_MS);
    try {
      await output.has(values['until'] ?? '');
      return output.text;
    } catch (cause) {
      throw new Error(`line ${line} was not ready:\n${output.text}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  #spawn(text: string): ChildProcess {
    const port = (name: string) => String(this.#ports.get(name));
    return spawn('sh', ['-ec', text.replaceAll(PORT, (found) => port(found))], {
      cwd: this.#folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        HOME: process.env['HOME'],
        PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
        // What is not said in a document is a default, which this stands for.
        MILLRACE_URL: `http://127.0.0.1:${port('8080')}/mcp`,
        MILLRACE_HTTP_PORT: port('8080'),
        MILLRACE_ADMIN_PORT: port('9090'),
        MILLRACE_WORKER_ADMIN_PORT: port('9091'),
      },
    });
  }
}

interface Output {
  readonly text: string;
  has(text: string): Promise<void>;
}

function collect(shell: ChildProcess): Output {
  let text = '';
  const listeners = new Set<() => void>();
  for (const stream of [shell.stdout, shell.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      for (const listener of listeners) listener();
    });
  }
  return {
    get text() {
      return text;
    },
    has: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (text.includes(wanted)) resolve();
        };
        listeners.add(look);
        shell.once('close', () => reject(new Error(`it ended before it said "${wanted}"`)));
        look();
      }),
  };
}

/** The shell and all that it started. */
function kill(shell: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (shell.pid !== undefined && shell.exitCode === null) process.kill(-shell.pid, signal);
}
