import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Reply } from './bench-child.ts';

/** A process of the bench: a subject, or a generator of load. It answers one request at a time. */
export class BenchProcess<Request, Answer, Ready = object> {
  readonly #child: ChildProcess;
  readonly ready: Ready;

  private constructor(child: ChildProcess, ready: Ready) {
    this.#child = child;
    this.ready = ready;
  }

  /**
   * @param file path under test/bench
   * @param flags how Node runs it; as it runs us unless given
   */
  static async start<Request, Answer, Ready = object>(
    file: string,
    config: object = {},
    flags?: readonly string[],
  ): Promise<BenchProcess<Request, Answer, Ready>> {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const child = fork(path, [JSON.stringify(config)], {
      stdio: ['ignore', 2, 'inherit', 'ipc'],
      ...(flags && { execArgv: [...flags] }),
    });
    const { ready } = await nextReply(child, file);
    return new BenchProcess<Request, Answer, Ready>(child, ready as Ready);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  async ask(request: Request): Promise<Answer> {
    const name = this.#child.spawnargs[1] ?? 'a process of the bench';
    if (this.#ended) throw new Error(`${name} has ended`);
    const reply = nextReply(this.#child, name);
    this.#child.send(request as object);
    return (await reply).answer as Answer;
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

async function nextReply(child: ChildProcess, name: string): Promise<Reply> {
  const watch = new AbortController();
  const exited = once(child, 'exit', watch).then(([code]) => ({
    failure: `${name} ended with code ${code}`,
  }));
  const replied = once(child, 'message', watch).then(([reply]) => reply as Reply);
  exited.catch(() => undefined);
  replied.catch(() => undefined);
  try {
    const reply: Reply = await Promise.race([replied, exited]);
    if (reply.failure !== undefined) throw new Error(reply.failure);
    return reply;
  } finally {
    watch.abort();
  }
}
