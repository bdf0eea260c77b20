import type { Batch, Call } from '@millrace/protocol';
import type { Lock } from './locks.ts';

/** One batch as a worker took it from the queue. */
export interface Delivery {
  /** Id of the job, unique among all pools; the same at every delivery. */
  readonly job: string;
  readonly pool: string;
  readonly batch: Batch;
  /** Whether another worker had this batch before and was lost. */
  readonly redelivered: boolean;
  /** Workers that were lost while they had its calls. */
  readonly deaths: number;
  /** Says whether the batch is still this worker's. */
  readonly lock: Lock;
  /** Whether the batch comes again when work on it fails now. */
  readonly retried: boolean;
  /** Puts one of the calls back on the queue, because it could not be begun here. */
  readonly putBack: (call: Call) => Promise<void>;
  /** Puts one of the calls on the queue in a job of its own, unless it is there: its neighbours may be dangerous. */
  readonly sendApart: (call: Call) => Promise<void>;
}

/** A batch that nobody will take again. */
export interface Abandoned {
  readonly job: string;
  readonly batch: Batch;
  /** Workers that were lost while they had its calls. */
  readonly deaths: number;
  /** For people. */
  readonly reason: string;
}

/** What work on a batch rejects with when it has to come again, after its back-off. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';
}
