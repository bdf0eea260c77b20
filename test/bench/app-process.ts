import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODE_ENVIRONMENT, NODE_FLAGS } from '@millrace/service';
import { freePort } from './free-port.ts';
import { pluginPath } from './plugin-path.ts';

const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;
const PLUGIN = pluginPath('plugin.ts');

/** A front door or a worker, started as `npm start` starts it. */
export class AppProcess {
  readonly #child: ChildProcess;
  /** Where a front door serves MCP. */
  readonly httpPort: number;
  /** Where it serves its operators. */
  readonly adminPort: number;

  private constructor(child: ChildProcess, httpPort: number, adminPort: number) {
    this.#child = child;
    this.httpPort = httpPort;
    this.adminPort = adminPort;
  }

  /** Resolves when the process says that it is ready. */
  static async start(
    app: 'front-door' | 'worker',
    redisUrl: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<AppProcess> {
    const main = fileURLToPath(new URL(`../../apps/${app}/src/main.ts`, import.meta.url));
    const httpPort = await freePort();
    const adminPort = await freePort();
    const env = {
      ...NODE_ENVIRONMENT,
      ...foreignEnvironment(),
      REDIS_URL: redisUrl,
      MILLRACE_HTTP_PORT: String(httpPort),
      MILLRACE_ADMIN_PORT: String(adminPort),
      MILLRACE_PLUGINS: PLUGIN,
      MILLRACE_LOG_LEVEL: 'warn',
      ...settings,
    };
    const child = spawn(process.execPath, [...NODE_FLAGS, main], { env, stdio: ['ignore', 2, 'inherit'] });
    const started = new AppProcess(child, httpPort, adminPort);
    try {
      await started.#untilReady(app);
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #untilReady(app: string): Promise<void> {
    const giveUpAt = Date.now() + READY_TIMEOUT_MS;
    while (!(await answersReady(this.adminPort))) {
      if (this.#ended) throw new Error(`the ${app} ended with code ${this.#child.exitCode}`);
      if (Date.now() > giveUpAt) throw new Error(`the ${app} was not ready after ${READY_TIMEOUT_MS} ms`);
      await delay(50);
    }
  }
}

/** The environment without settings of Millrace, which would change what is measured. */
function foreignEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MILLRACE_')));
}

async function answersReady(adminPort: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // Nobody listens yet.
    return false;
  }
}
