import type { TaskProgress } from '@millrace/broker';
import { type Call, MillraceError } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import type { RunningCall } from './running-call.ts';
import type { RunningCalls } from './running-calls.ts';

export interface OrphansOptions {
  readonly running: RunningCalls;
  readonly progress: TaskProgress;
  readonly logger: Logger;
}

/** Calls that run for a front door that died: those that nobody can come back for are stopped. */
export class Orphans {
  readonly #options: OrphansOptions;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** Stops what ran for a front door in vain. */
  async stop(frontDoor: string): Promise<void> {
    const { running, logger } = this.#options;
    const calls = running.of(frontDoor).filter(({ aborted }) => !aborted);
    const stopped = await Promise.all(calls.map((one) => this.#stop(one)));
    const count = stopped.filter(Boolean).length;
    if (count > 0) logger.warn({ frontDoor, calls: count }, 'calls of a lost front door were stopped');
  }

  async #stop(running: RunningCall): Promise<boolean> {
    if (await this.#isKept(running.call)) return false;
    const text = 'The front door of the call was lost, and its work was stopped';
    running.abort(new MillraceError('outcome_unknown', text));
    return true;
  }

  /**
   * A client comes back for its task, for a stream of its session, or with its idempotency key. A call that may still
   * become a task is none yet, and then never will be: its client has no handle to come back with.
   */
  async #isKept(call: Call): Promise<boolean> {
    if (call.session !== undefined || call.idempotency !== undefined) return true;
    return call.task !== undefined && (await this.#options.progress.withdraw(call.task)) !== 'ordinary';
  }
}
