import { type Clock, systemClock } from './clock.ts';
import type { Logger } from './logger.ts';
import { OperatorError } from './operator-error.ts';
import type { Service } from './service.ts';

/** What a main builds: one service, and how it ends. */
export interface Main {
  readonly service: Service;
  /** How long a stop may take before the process leaves all the same. */
  readonly shutdownTimeoutMs: number;
  readonly logger: Logger;
  /** Rejects when the service cannot go on: everything is stopped, and the exit code is 1. */
  readonly failed?: Promise<never>;
  /** Resolves when the service has done all that it was started for: it is stopped, and the exit code is 0. */
  readonly ended?: Promise<void>;
}

/** Services get the whole of the shutdown time; the process waits this much longer before it cuts them off. */
const GRACE_MS = 500;

/** One Ctrl-C may arrive twice, from the terminal and from npm: a signal this soon after the first is the same one. */
const ECHO_MS = 500;

/**
 * The body of every `main.ts`. SIGTERM and SIGINT stop the service and exit with 0, as does the end of a parent that
 * started this process with an IPC channel. A second signal, or a stop that takes too long or cuts work off, exits with
 * 1, as does every failure; an `OperatorError` is told in its own words, without a stack.
 */
export async function runMain(
  build: () => Promise<Main>,
  host: NodeJS.Process,
  clock: Clock = systemClock,
): Promise<void> {
  const run = new Run(host, clock);
  run.watch();
  try {
    await run.start(await build());
  } catch (error) {
    run.fail(error);
  }
}

class Run {
  readonly #host: NodeJS.Process;
  readonly #clock: Clock;
  #main: Main | undefined;
  #ending = false;
  /** When a signal or the end of the parent asked for the end, in epoch milliseconds. */
  #askedAt: number | undefined;

  constructor(host: NodeJS.Process, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
  }

  watch(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) this.#host.on(signal, () => this.#leave(signal));
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      this.#host.on(event, (error) => this.#crash(error, event));
    }
    // The parent is gone, however it died: nothing may stay behind.
    this.#host.on('disconnect', () => this.#leave('disconnect'));
  }

  async start(main: Main): Promise<void> {
    this.#main = main;
    main.failed?.catch((error) => this.fail(error));
    void main.ended?.then(() => this.#leave('ended'));
    if (this.#ending) return this.#stop(0);
    await main.service.start();
  }

  /** Says what went wrong, stops what runs, exits with 1. */
  fail(error: unknown): void {
    if (this.#ending) {
      // What a start throws because it was interrupted is no failure.
      if (!this.#main) this.#exit(0);
      return;
    }
    this.#ending = true;
    this.#report(error);
    void this.#stop(1);
  }

  #leave(reason: string): void {
    if (this.#askedAt !== undefined) {
      this.#hurry(reason, this.#askedAt);
      return;
    }
    this.#askedAt = this.#clock.now();
    if (this.#ending) return;
    this.#ending = true;
    this.#main?.logger.info({ reason }, 'stopping');
    // Before `build` is done there is nothing to stop: `start` sees that the end has come.
    if (this.#main) void this.#stop(0);
  }

  #hurry(reason: string, askedAt: number): void {
    if (reason !== 'disconnect' && this.#clock.now() - askedAt > ECHO_MS) this.#exit(1);
  }

  #crash(error: unknown, event: string): void {
    if (this.#main) this.#main.logger.fatal({ err: error }, event);
    else this.#report(error);
    this.#exit(1);
  }

  async #stop(code: number): Promise<void> {
    const main = this.#main;
    if (!main) return this.#exit(code);
    const timer = setTimeout(() => this.#overdue(main), main.shutdownTimeoutMs + GRACE_MS);
    try {
      await main.service.stop(this.#clock.now() + main.shutdownTimeoutMs);
      this.#exit(code);
    } catch (error) {
      main.logger.error({ err: error }, 'failed to stop');
      this.#exit(1);
    } finally {
      clearTimeout(timer);
    }
  }

  #overdue(main: Main): void {
    main.logger.error({ shutdownTimeoutMs: main.shutdownTimeoutMs }, 'did not stop in time');
    this.#exit(1);
  }

  #report(error: unknown): void {
    if (error instanceof OperatorError) this.#host.stderr.write(`${error.message}\n`);
    else if (this.#main) this.#main.logger.fatal({ err: error }, 'failed');
    else this.#host.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  }

  #exit(code: number): void {
    this.#host.exit(code);
  }
}
