import {
  AnswerListener,
  CancellationListener,
  type CatalogueTimes,
  type connectPatient,
  FrontDoorWatch,
  type Keys,
  type RedisSource,
} from '@millrace/broker';
import type { Service } from '@millrace/service';
import type { Answering } from './answering.ts';
import { Orphans } from './orphans.ts';
import type { RunningCalls } from './running-calls.ts';

export interface ListenersOptions {
  /** Id of this worker. */
  readonly worker: string;
  readonly pools: readonly string[];
  readonly source: RedisSource;
  readonly redis: ReturnType<typeof connectPatient>;
  readonly keys: Keys;
  readonly times: CatalogueTimes;
  readonly running: RunningCalls;
  readonly answering: Pick<Answering, 'progress' | 'replies'>;
}

/** What tells the running calls of a worker that they are cancelled, answered by their clients, or orphaned. */
export function listeners(options: ListenersOptions): readonly Service[] {
  return [cancellations(options), answers(options), frontDoors(options)];
}

function cancellations({ source, keys, pools, running, answering }: ListenersOptions): Service {
  const { logger } = source;
  return new CancellationListener({
    source,
    keys,
    pools,
    onCancelled: (call) => running.cancel(call),
    onMissed: (frontDoor) => {
      answering.replies.sendAgain(frontDoor).catch((error: Error) => {
        logger.warn({ err: error, frontDoor }, 'answers were not sent again');
      });
    },
  });
}

function answers({ source, keys, worker, running }: ListenersOptions): Service {
  return new AnswerListener({
    source,
    keys,
    worker,
    onAnswer: (answer) => {
      if (running.answer(answer)) return;
      source.logger.info({ request: answer.id }, 'a late answer of a client is ignored');
    },
  });
}

function frontDoors({ source, redis, keys, times, running, answering }: ListenersOptions): Service {
  const { logger } = source;
  const { progress } = answering;
  const orphans = new Orphans({ running, progress, logger });
  return new FrontDoorWatch({
    redis,
    keys,
    times,
    frontDoors: () => running.frontDoors(),
    onLost: (frontDoor) => {
      orphans.stop(frontDoor).catch((error: Error) => {
        logger.warn({ err: error, frontDoor }, 'calls of a lost front door were not stopped');
      });
    },
    logger,
  });
}
