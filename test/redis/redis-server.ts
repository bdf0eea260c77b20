import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../bench/free-port.ts';

const START_TIMEOUT_MS = 20_000;
const LOOK_MS = 20;

export interface RedisServerOptions {
  /** `redis-server` of the PATH unless given. */
  readonly program?: string;
  /** More arguments, such as `['--maxmemory', '8mb']`. */
  readonly args?: readonly string[];
  /** Makes a Sentinel of it, with these lines of configuration. */
  readonly sentinel?: readonly string[];
}

/** A server of which a test decides everything: it can be killed and started again with its files. */
export class RedisServer {
  readonly port: number;
  readonly directory: string;
  readonly #options: RedisServerOptions;
  #process: ChildProcess | undefined;

  private constructor(port: number, directory: string, options: RedisServerOptions) {
    this.port = port;
    this.directory = directory;
    this.#options = options;
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-test-redis-'));
    const server = new RedisServer(await freePort(), directory, options);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, again if it was killed. Resolves when it takes commands. */
  async restart(): Promise<void> {
    const { program = 'redis-server' } = this.#options;
    this.#process = spawn(program, await this.#arguments(), { stdio: 'ignore' });
    this.#process.on('error', () => undefined);
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await answers(this.port))) {
      if (Date.now() > deadline || this.#process.exitCode !== null)
        throw new Error(`${program} did not start`);
      await pause(LOOK_MS);
    }
  }

  async #arguments(): Promise<readonly string[]> {
    const { args = [], sentinel } = this.#options;
    const where = { bind: '127.0.0.1', port: String(this.port), dir: this.directory };
    if (!sentinel) {
      const options = Object.entries(where).flatMap(([name, value]) => [`--${name}`, value]);
      return [...options, '--save', '', '--loglevel', 'warning', ...args];
    }
    // A Sentinel keeps what it learns in its configuration.
    const file = join(this.directory, 'sentinel.conf');
    const lines = [...Object.entries(where).map((pair) => pair.join(' ')), ...sentinel];
    await writeFile(file, `${lines.join('\n')}\n`);
    return [file, '--sentinel'];
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill(signal);
    await gone;
  }

  /** Ends it and removes its files. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Whether it answers: also one that wants a password does. */
async function answers(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [data] = (await once(socket, 'data')) as [Buffer];
    return /^(\+PONG|-NOAUTH|-NOPERM|-DENIED)/.test(data.toString());
  } catch {
    // Nobody listens yet.
    return false;
  } finally {
    socket.destroy();
  }
}
