import type { Task, TaskPlan } from '@millrace/broker';
import { ANONYMOUS, type JsonObject, META } from '@millrace/protocol';
import { TASKS_CAPABILITY } from '../tasks-extension.ts';

/** `_meta` of a client that takes tasks. */
export const TAKES_TASKS: JsonObject = { [META.clientCapabilities]: TASKS_CAPABILITY };

export const SERVER = { name: 'millrace', version: '0.1.0' };

/** A task as the store gives it, made at the beginning of the epoch. */
export function aTask(overrides: Partial<Task> = {}): Task {
  const plan: TaskPlan = {
    id: 't-1',
    principal: ANONYMOUS,
    call: 'f-1.1',
    pool: 'default',
    ttlMs: 60_000,
    pollIntervalMs: 500,
  };
  const times = { createdAt: 0, updatedAt: 1_000, lifetimeMs: 60_000 };
  return { ...plan, ...times, status: 'working', questions: {}, answers: {}, ...overrides };
}
