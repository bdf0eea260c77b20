import { setTimeout as pause } from 'node:timers/promises';
import { type Attempt, deathsOf, outcomeOf, retryAfter } from './attempt.ts';
import type { Doors } from './doors.ts';
import type { LedgerWriter } from './ledger.ts';
import type { Operation } from './operation.ts';

/** One way to speak to the cluster. */
export interface Speaker {
  readonly takesTasks: boolean;
  /** Makes a call at a front door, and resolves whatever happens. */
  call(operation: Operation, door: number): Promise<Attempt>;
  /** Asks for a task at a front door. @returns its status; undefined when no answer came */
  taskStatus(task: string, door: number): Promise<string | undefined>;
}

export interface AgentOptions {
  readonly producer: string;
  readonly speaker: Speaker;
  readonly doors: Doors;
  readonly ledger: LedgerWriter;
}

/** How long a client tries before it gives an operation up, in milliseconds. */
const PATIENCE_MS = 40_000;
/** How long it waits for a task. */
const TASK_PATIENCE_MS = 60_000;
const REFUSED_MS = 100;
const POLL_MS = 500;

/**
 * A client that tries again where it may: when the front door did not take the call, when the cluster says that
 * the same call may be made again, and, for tools that may run twice, when the connection broke.
 */
export class Agent {
  readonly #options: AgentOptions;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  async do(operation: Operation): Promise<void> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (let attempt = 1; ; attempt += 1) {
      const wait = await this.#try(operation, attempt);
      if (wait === undefined || Date.now() > giveUpAt) break;
      await pause(wait);
    }
    this.#options.ledger.write({ kind: 'done', call: operation.id, at: Date.now() });
  }

  /** @returns how long to wait before the next attempt; undefined when there is to be none */
  async #try(operation: Operation, attempt: number): Promise<number | undefined> {
    const { producer, speaker, doors, ledger } = this.#options;
    const { id: call, idempotent } = operation;
    const door = doors.current;
    ledger.write({ kind: 'sent', call, attempt, idempotent, door, producer, at: Date.now() });
    const ended = await speaker.call(operation, door);
    if (ended.kind === 'answered') {
      for (let n = 0; n < ended.messages; n += 1) {
        const outcome = outcomeOf(ended.response);
        const deaths = deathsOf(ended.response);
        ledger.write({
          kind: 'answer',
          call,
          attempt,
          outcome,
          at: Date.now(),
          ...(deaths !== undefined && { deaths }),
        });
      }
      const task = ended.response.result?.['taskId'];
      if (typeof task === 'string') await this.#follow(call, task);
      return retryAfter(ended.response);
    }
    ledger.write({ kind: ended.kind, call, attempt, at: Date.now() });
    doors.leave(door);
    if (ended.kind === 'refused') return REFUSED_MS;
    return ended.kind === 'broken' && idempotent ? REFUSED_MS : undefined;
  }

  /** Asks for a task, at one front door after the other, until it has ended. */
  async #follow(call: string, task: string): Promise<void> {
    const { speaker, doors, ledger } = this.#options;
    ledger.write({ kind: 'task', call, task, at: Date.now() });
    const giveUpAt = Date.now() + TASK_PATIENCE_MS;
    let status: string | undefined;
    for (let look = 0; Date.now() < giveUpAt && !hasEnded(status); look += 1) {
      await pause(POLL_MS);
      status = await speaker.taskStatus(task, look % doors.urls.length);
    }
    ledger.write({
      kind: 'task-end',
      call,
      status: hasEnded(status) ? String(status) : 'lost',
      at: Date.now(),
    });
  }
}

function hasEnded(status: string | undefined): boolean {
  return status !== undefined && status !== 'working' && status !== 'input_required';
}
