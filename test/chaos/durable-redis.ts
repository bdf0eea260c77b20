import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../bench/free-port.ts';

/** Longest that Redis may take to read its file, in milliseconds. */
const START_TIMEOUT_MS = 20_000;
const LOOK_MS = 20;

/** A Redis with an append-only file, which can be killed and started again with all that it knew. */
export class DurableRedis {
  readonly port: number;
  readonly #directory: string;
  #server: ChildProcess | undefined;

  private constructor(port: number, directory: string) {
    this.port = port;
    this.#directory = directory;
  }

  /** @param directory exists, and stays when the server goes */
  static async start(directory: string): Promise<DurableRedis> {
    const redis = new DurableRedis(await freePort(), directory);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Resolves when it takes commands. */
  async start(): Promise<void> {
    const settings = ['--bind', '127.0.0.1', '--port', String(this.port), '--dir', this.#directory];
    const durability = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'];
    // A short file is read again quickly.
    const rewriting = ['--auto-aof-rewrite-min-size', '8mb'];
    const quiet = ['--loglevel', 'warning'];
    this.#server = spawn('redis-server', [...settings, ...durability, ...rewriting, ...quiet], {
      stdio: 'ignore',
    });
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await answers(this.port))) {
      if (Date.now() > deadline) throw new Error('Redis did not start');
      await pause(LOOK_MS);
    }
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill(signal);
    await gone;
  }
}

/** Whether a PING is answered: while it reads its file, Redis takes connections and says that it is loading. */
async function answers(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [data] = (await once(socket, 'data')) as [Buffer];
    return data.toString().startsWith('+PONG');
  } catch {
    // Nobody listens yet.
    return false;
  } finally {
    socket.destroy();
  }
}
