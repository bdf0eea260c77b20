import { setTimeout as pause } from 'node:timers/promises';
import { Session } from '../support/session.ts';
import { TASKS_META } from '../support/tasks.ts';
import { send, toolCall } from '../support/wire.ts';

/** What an agent does over and over: calls of all kinds, and now and then a session, or a task. */
const TURN = ['look', 'book', 'look', 'remembered', 'look', 'book', 'wait', 'look'] as const;
const SESSION_EVERY = 25;
const TASK_EVERY = 40;

/** An agent that calls as fast as it may, through one front door. */
export class SoakClient {
  calls = 0;
  readonly failures: string[] = [];
  readonly #url: string;
  readonly #name: string;
  #stopping = false;

  constructor(url: string, name: string) {
    this.#url = url;
    this.#name = name;
  }

  stop(): void {
    this.#stopping = true;
  }

  /**
   * Resolves after the last call when it was stopped.
   *
   * @param gapMs between the beginnings of two calls at least, in milliseconds
   */
  async run(gapMs: number): Promise<void> {
    this.#stopping = false;
    let next = performance.now();
    for (let n = 0; !this.#stopping; n += 1) {
      await this.#one(n);
      this.calls += 1;
      next = Math.max(next + gapMs, performance.now());
      const rest = next - performance.now();
      if (rest >= 1) await pause(rest);
    }
  }

  async #one(n: number): Promise<void> {
    const key = `${this.#name}.${n}`;
    try {
      if (n % SESSION_EVERY === SESSION_EVERY - 1) await this.#session(key);
      else if (n % TASK_EVERY === TASK_EVERY - 1) await this.#expect(toolCall('work', { key }, TASKS_META));
      else
        await this.#expect(toolCall(TURN[n % TURN.length] ?? 'look', { key: n % 4 === 3 ? 'shared' : key }));
    } catch (error) {
      this.failures.push(String(error));
    }
  }

  async #session(key: string): Promise<void> {
    const session = await Session.open(this.#url);
    const { message } = await session.request(this.#url, 'tools/call', { name: 'look', arguments: { key } });
    if (!message.result) this.failures.push(JSON.stringify(message.error));
    await fetch(this.#url, { method: 'DELETE', headers: session.headers });
  }

  async #expect(request: Parameters<typeof send>[1]): Promise<void> {
    const { message } = await send(this.#url, request);
    if (!message.result) this.failures.push(JSON.stringify(message.error));
  }
}
