import { MillraceError } from '@millrace/protocol';
import type { BatchRunner } from './batch-runner.ts';
import type { Intakes } from './intakes.ts';
import type { RunningCalls } from './running-calls.ts';
import type { ToolBatches } from './tool-batches.ts';

/** What a worker does its work with. */
export interface Drained {
  readonly intakes: Pick<Intakes, 'stop'>;
  readonly batches: Pick<BatchRunner, 'handBack'>;
  readonly toolBatches: Pick<ToolBatches, 'hurry'>;
  readonly running: Pick<RunningCalls, 'abortAll'>;
}

/**
 * Quiet first, everywhere at once; then what runs may end; at the deadline the rest is handed back.
 *
 * @throws Error when calls had to be stopped
 */
export async function drain(drained: Drained, deadline?: number): Promise<void> {
  let givenUp: Promise<number> | undefined;
  const atDeadline = () => {
    givenUp = giveUp(drained);
  };
  const left = deadline === undefined ? undefined : Math.max(0, deadline - Date.now());
  const timer = left === undefined ? undefined : setTimeout(atDeadline, left);
  const stopped = drained.intakes.stop();
  drained.toolBatches.hurry();
  await stopped;
  clearTimeout(timer);
  const calls = await givenUp;
  if (calls) throw new Error(`calls that could neither end nor be handed back: ${calls}`);
}

/** @returns how many calls nobody else can have: they are stopped */
async function giveUp({ batches, running }: Drained): Promise<number> {
  const stopped = await batches.handBack();
  return stopped + running.abortAll(new MillraceError('shutting_down', 'The worker is shutting down'));
}
