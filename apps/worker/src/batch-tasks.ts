import type { TaskProgress } from '@millrace/broker';
import { type Batch, type Call, type Frame, MillraceError } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import { TaskRun } from './task-run.ts';

export interface BatchTasksOptions {
  readonly progress: TaskProgress;
  /** Whether the batch comes again when work on it fails now. */
  readonly retried: boolean;
  readonly logger: Logger;
}

/** Ends the tasks of a batch that no worker will take again. */
export async function abandonTasks({ calls }: Batch, progress: TaskProgress): Promise<void> {
  for (const { task, target, id } of calls) {
    if (task === undefined) continue;
    const lost = new MillraceError('worker_lost', `${target} was given up: its workers were lost too often`);
    await progress.settle(task, { kind: 'error', payload: JSON.stringify(lost.toJsonRpc(id)) });
  }
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
