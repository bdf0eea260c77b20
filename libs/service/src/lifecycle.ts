import type { Service } from './service.ts';

/** Where a process is in its life. */
export type Phase = 'initialize' | 'ready' | 'draining' | 'stopped';

/** Several services as one: started in order, stopped in reverse. It lives once; after `stop` it stays stopped. */
export class Lifecycle implements Service {
  readonly #services: readonly Service[];
  readonly #entered: Service[] = [];
  readonly #listeners: ((phase: Phase) => void)[] = [];
  #phase: Phase = 'initialize';
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(services: readonly Service[]) {
    this.#services = services;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Calls `listener` at every later change of the phase. */
  onPhase(listener: (phase: Phase) => void): void {
    this.#listeners.push(listener);
  }

  /** Rejects with what the failing service threw, after those already started have been stopped. */
  start(): Promise<void> {
    this.#starting ??= this.#startAll();
    return this.#starting;
  }

  /** Stops every service, also those after one that fails to; then rejects with the failures. */
  stop(deadline?: number): Promise<void> {
    this.#stopping ??= this.#stopAll(deadline);
    return this.#stopping;
  }

  async #startAll(): Promise<void> {
    for (const service of this.#services) {
      this.#refuseWhenStopping();
      this.#entered.push(service);
      await this.#startOne(service);
    }
    this.#refuseWhenStopping();
    this.#enter('ready');
  }

  async #startOne(service: Service): Promise<void> {
    try {
      await service.start();
    } catch (cause) {
      throw await this.#stopAfter(cause);
    }
    // It was stopped while it started and may have come up after that.
    if (this.#stopping) await service.stop();
  }

  async #stopAfter(cause: unknown): Promise<unknown> {
    try {
      await this.stop();
      return cause;
    } catch (failure) {
      return new AggregateError([cause, failure], 'a service failed to start, another then failed to stop', {
        cause,
      });
    }
  }

  #refuseWhenStopping(): void {
    if (this.#stopping) throw new Error('stopped while it was starting');
  }

  async #stopAll(deadline?: number): Promise<void> {
    this.#enter('draining');
    const failures: unknown[] = [];
    for (const service of this.#entered.toReversed()) {
      try {
        await service.stop(deadline);
      } catch (failure) {
        failures.push(failure);
      }
    }
    this.#enter('stopped');
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'several services failed to stop');
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    for (const listener of this.#listeners) listener(phase);
  }
}
