import {
  type connectPatient,
  FinishedCalls,
  IdempotencyRecords,
  type Keys,
  RecentReplies,
  Replies,
  StoredReplies,
  TaskProgress,
  TaskTable,
} from '@millrace/broker';
import type { Call } from '@millrace/protocol';
import type { Logger, Metrics } from '@millrace/service';
import { KeyedReplies } from './keyed-replies.ts';

export interface AnsweringOptions {
  readonly redis: ReturnType<typeof connectPatient>;
  readonly keys: Keys;
  readonly metrics: Metrics;
  readonly isIdempotent: (call: Call) => boolean;
  readonly logger: Logger;
}

/** Where what becomes of calls goes: to their front doors, and into what outlives this worker. */
export class Answering {
  readonly progress: TaskProgress;
  readonly finished: FinishedCalls;
  readonly replies: Replies;
  readonly keyed: KeyedReplies;

  constructor({ redis, keys, metrics, isIdempotent, logger }: AnsweringOptions) {
    const tasks = new TaskTable(redis, keys, (status) => metrics.tasks.inc({ status }));
    this.progress = new TaskProgress(tasks);
    this.finished = new FinishedCalls(redis, keys);
    const onStored = (answers: number) => metrics.repliesStored.inc(answers);
    this.replies = new Replies(redis, keys, new StoredReplies(redis, keys), logger, {
      onStored,
      recent: new RecentReplies(),
    });
    const records = new IdempotencyRecords(redis, keys);
    this.keyed = new KeyedReplies({ replies: this.replies, records, isIdempotent, logger });
  }
}
