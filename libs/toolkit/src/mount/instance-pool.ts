import type { ServerConnection } from './server-connection.ts';

/**
 * Instances of one mounted server. Each runs one call at a time, so that all it sends is of that call, and is kept for
 * the next one, since building one costs milliseconds.
 */
export class InstancePool {
  readonly #build: () => Promise<ServerConnection>;
  readonly #most: number;
  readonly #idle: ServerConnection[] = [];
  readonly #all = new Set<ServerConnection>();
  /** Lets the first of those that wait for an instance go on. */
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  /** @param most calls that run at the same time; further ones wait */
  constructor(build: () => Promise<ServerConnection>, most: number) {
    this.#build = build;
    this.#most = most;
  }

  /** Runs one call on an instance that runs no other. Rejects when the signal is aborted while it waits for one. */
  async use<Result>(signal: AbortSignal | undefined, run: (connection: ServerConnection) => Promise<Result>) {
    await this.#enter(signal);
    try {
      return await this.#runOnInstance(run);
    } finally {
      this.#leave();
    }
  }

  /** Ends all instances, also those that run a call. */
  async close(): Promise<void> {
    this.#closed = true;
    const ends = await Promise.allSettled([...this.#all].map((connection) => connection.end()));
    const failures = ends.filter((end) => end.status === 'rejected').map((end) => end.reason);
    if (failures.length > 0) throw new AggregateError(failures, 'Some instances could not be closed');
  }

  async #runOnInstance<Result>(run: (connection: ServerConnection) => Promise<Result>): Promise<Result> {
    const connection = this.#takeIdle() ?? (await this.#create());
    try {
      return await run(connection);
    } finally {
      if (connection.closed) this.#all.delete(connection);
      else this.#idle.push(connection);
    }
  }

  #takeIdle(): ServerConnection | undefined {
    let connection = this.#idle.pop();
    while (connection?.closed) {
      this.#all.delete(connection);
      connection = this.#idle.pop();
    }
    return connection;
  }

  async #create(): Promise<ServerConnection> {
    const connection = await this.#build();
    this.#all.add(connection);
    if (this.#closed) await connection.end();
    return connection;
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    if (this.#running < this.#most) {
      this.#running += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => {
      this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    this.#waiting.push(resolve);
    await promise.finally(() => signal?.removeEventListener('abort', abort));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }
}
