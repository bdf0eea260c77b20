import type { TaskProgress } from '@millrace/broker';
import type { Call, Frame } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import { TaskRun } from './task-run.ts';

export interface BatchTasksOptions {
  readonly progress: TaskProgress;
  /** Whether the batch comes again when work on it fails now. */
  readonly retried: boolean;
  readonly logger: Logger;
}

/** The calls of one batch that are tasks, or may become some. */
export class BatchTasks {
  readonly #options: BatchTasksOptions;
  readonly #runs: TaskRun[] = [];

  constructor(options: BatchTasksOptions) {
    this.#options = options;
  }

  /** @returns undefined for a call that is and stays an ordinary one */
  open(call: Call, reply: (frame: Frame) => void): TaskRun | undefined {
    if (call.task === undefined) return undefined;
    const run = new TaskRun({ ...this.#options, call, task: call.task, reply });
    this.#runs.push(run);
    return run;
  }

  /**
   * Resolves when all outcomes are stored.
   *
   * @returns whether the batch has to come again
   */
  async end(): Promise<boolean> {
    const again = await Promise.all(this.#runs.map((run) => run.ended()));
    return again.includes(true);
  }
}
