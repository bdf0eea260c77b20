import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const READY_TIMEOUT_MS = 20_000;

/** `mcp-proxy` from npm, which serves one process of a stdio server over HTTP. */
export class ProxyProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** @param server path of a stdio server */
  static async start(server: string): Promise<ProxyProcess> {
    const port = await freePort();
    const manifest = createRequire(import.meta.url).resolve('mcp-proxy');
    const main = join(dirname(manifest), 'bin/mcp-proxy.mjs');
    const options = ['--server', 'stream', '--host', '127.0.0.1', '--port', String(port)];
    const args = [main, ...options, '--upstreamProtocol', 'auto', '--', process.execPath, server];
    const proxy = new ProxyProcess(
      spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }),
      port,
    );
    try {
      await proxy.#untilReady();
    } catch (error) {
      await proxy.stop();
      throw error;
    }
    return proxy;
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #untilReady(): Promise<void> {
    const giveUpAt = Date.now() + READY_TIMEOUT_MS;
    while (!(await this.#answers())) {
      if (this.#ended) throw new Error(`mcp-proxy ended with code ${this.#child.exitCode}`);
      if (Date.now() > giveUpAt) throw new Error(`mcp-proxy was not ready after ${READY_TIMEOUT_MS} ms`);
      await delay(50);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}/ping`);
      await response.arrayBuffer();
      return response.ok;
    } catch {
      // Nobody listens yet.
      return false;
    }
  }
}
